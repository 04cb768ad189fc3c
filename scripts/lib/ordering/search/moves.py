"""Moves that shorten a tour: Lin-Kernighan chains of 2-opt moves, and Or-opt.

A move from node t1 gives up the link to its neighbour t2 and ties t2 to a near node t3 instead,
so long as what was saved exceeds what was spent. Giving up t3's link to t4 and tying t4 to t1
makes the tour whole: a 2-opt move. Where that does not pay yet, t4 takes the place of t2 and the
chain goes on, a few links deep and with fewer alternatives at each. Or-opt, which moves a stretch
to another place, is the exchange that such chains cannot reach: on the way there the tour falls in
two. Moves are judged as planned, before a single node is moved.

Lin and Kernighan 1973; Or 1976; Johnson and McGeoch 1997.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.search.links import Links, length
from scripts.lib.ordering.search.tour import Tour, are_short, node_at, place_of, plan, wrap


class Chain(NamedTuple):
    """What the search for one move remembers: at each depth, the loose end and how it got there.

    breadth : (depth,) int64, alternatives tried
    loose : (depth + 1,) int64, the node t2 that looks for a new neighbour
    saved : (depth + 1,) float64, length given up less length taken on, before t2 is tied
    forward : (depth + 1,) bool, whether t2 comes after t1
    tried : (depth + 1,) int64, alternatives done with
    ends : (2 * depth + 6,) int64, the nodes whose links the move changed
    """

    breadth: npt.NDArray[np.int64]
    loose: npt.NDArray[np.int64]
    saved: npt.NDArray[np.float64]
    forward: npt.NDArray[np.bool_]
    tried: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


class Move(NamedTuple):
    """A planned move: what it gains (zero: none was found), its last reversal, its ends."""

    gain: float
    planned: int
    ends: int


def make_chain(breadth: tuple[int, ...], width: int) -> Chain:
    """Make room for chains with so many alternatives at each depth, lists being so long."""
    depth = len(breadth)
    return Chain(
        np.minimum(np.array(breadth, np.int64), width),
        np.zeros(depth + 1, np.int64),
        np.zeros(depth + 1),
        np.zeros(depth + 1, np.bool_),
        np.zeros(depth + 1, np.int64),
        np.zeros(2 * depth + 6, np.int64),
    )


@compiled
def find_move(links: Links, tour: Tour, chain: Chain, made: int, t1: int) -> Move:
    """Plan the first move from t1 that shortens the tour."""
    for forward in (True, False):
        move = lin_kernighan(links, tour, chain, made, t1, forward)
        if move.gain > 0.0:
            return move
    for forward in (True, False):
        move = or_opt(links, tour, chain, made, t1, forward)
        if move.gain > 0.0:
            return move
    return Move(0.0, made, 0)


@compiled
def lin_kernighan(links: Links, tour: Tour, chain: Chain, made: int, t1: int, forward: bool) -> Move:
    """Plan a chain of 2-opt moves, depth first, until one shortens the tour."""
    t2 = node_at(tour, made, made, place_of(tour, made, made, t1) + (1 if forward else -1))
    chain.loose[0], chain.forward[0], chain.tried[0] = t2, forward, 0
    chain.saved[0] = length(links, t1, t2)
    depth = 0
    while depth >= 0:
        t2, turn = chain.loose[depth], chain.tried[depth]
        saved = tie(links, chain, depth)
        if saved <= 0.0:
            depth -= 1
            continue
        t3 = int(links.neighbors[t2, turn])
        forward, planned = chain.forward[depth], made + depth
        place = place_of(tour, made, planned, t3) + (-1 if forward else 1)
        t4 = node_at(tour, made, planned, place)
        if t3 == t1 or t4 == t2:
            continue
        saved += length(links, t3, t4)
        gain = saved - links.lengths[t4, 0]  # no link from t4 is shorter
        if gain > 0.0 or t4 == links.vectors.shape[0]:
            gain = saved - length(links, t4, t1)
        if gain <= 0.0 and depth + 1 == chain.breadth.size:
            continue
        start = place_of(tour, made, planned, t2)
        forward = plan(tour, planned, start, wrap(place, tour.chunks.slot.size), forward)
        if not are_short(tour, planned, planned + 1):
            continue
        chain.ends[2 * depth + 1], chain.ends[2 * depth + 2] = t2, t3
        if gain > 0.0:
            chain.ends[0], chain.ends[2 * depth + 3] = t1, t4
            return Move(gain, planned + 1, 2 * depth + 4)
        depth += 1
        chain.loose[depth], chain.saved[depth] = t4, saved
        chain.forward[depth], chain.tried[depth] = forward, 0
    return Move(0.0, made, 0)


@compiled
def tie(links: Links, chain: Chain, depth: int) -> float:
    """Return what is saved still once t2 is tied to its next alternative; zero if none is left."""
    turn = chain.tried[depth]
    if turn == chain.breadth[depth]:
        return 0.0
    chain.tried[depth] += 1
    return float(chain.saved[depth] - links.lengths[chain.loose[depth], turn])


@compiled
def or_opt(links: Links, tour: Tour, chain: Chain, made: int, t1: int, forward: bool) -> Move:
    """Plan the exchange or turn of two adjacent stretches, the first of which begins at t2.

    Tying t2 to t3 and giving up the link from t3 on to t4 closes the stretch from t2 to t3 into
    a ring; opening the ring elsewhere, between t5 and t6, makes the tour whole again.
    """
    step = 1 if forward else -1
    t2 = node_at(tour, made, made, place_of(tour, made, made, t1) + step)
    first_saved = length(links, t1, t2)
    for turn in range(chain.breadth[0]):
        saved = first_saved - links.lengths[t2, turn]
        if saved <= 0.0:
            break
        t3 = int(links.neighbors[t2, turn])
        t4 = node_at(tour, made, made, place_of(tour, made, made, t3) + step)
        if t3 == t1:
            continue
        chain.ends[0], chain.ends[1], chain.ends[2], chain.ends[3] = t1, t2, t3, t4
        saved += length(links, t3, t4)
        gain, beyond = open_ring(links, tour, chain, made, saved, step)
        if gain > 0.0:
            planned = plan_or_opt(tour, chain, made, forward, beyond)
            if are_short(tour, made, planned):
                return Move(gain, planned, 6)
    return Move(0.0, made, 0)


@compiled
def open_ring(
    links: Links, tour: Tour, chain: Chain, made: int, saved: float, step: int
) -> tuple[float, bool]:
    """Find t5 near t4 and its neighbour t6, both in the ring, so that the tour gets shorter.

    Returns the gain, zero if there is none, and whether t6 lies beyond t5, seen from t2.
    """
    n = tour.chunks.slot.size
    t1, t2, t3, t4 = chain.ends[0], chain.ends[1], chain.ends[2], chain.ends[3]
    first = place_of(tour, made, made, t2)
    ring = wrap((place_of(tour, made, made, t3) - first) * step, n)
    for turn in range(chain.breadth[0]):
        opened = saved - links.lengths[t4, turn]
        if opened <= 0.0:
            break
        t5 = int(links.neighbors[t4, turn])
        place = place_of(tour, made, made, t5)
        if t5 == t3 or wrap((place - first) * step, n) > ring:
            continue
        for beyond in (True, False):
            t6 = node_at(tour, made, made, place + (step if beyond else -step))
            gain = opened + length(links, t5, t6)
            if gain <= links.lengths[t6, 0] and t6 != links.vectors.shape[0]:  # no link from t6 is shorter
                continue
            gain -= length(links, t6, t1)
            if gain > 0.0 and (beyond or t5 != t2):
                chain.ends[4], chain.ends[5] = t5, t6
                return gain, beyond
    return 0.0, False


@compiled
def plan_or_opt(tour: Tour, chain: Chain, made: int, forward: bool, beyond: bool) -> int:
    """Plan the reversals of an Or-opt move and return how many are planned then."""
    t2, t3, t5, t6 = chain.ends[1], chain.ends[2], chain.ends[4], chain.ends[5]
    planned = made
    if beyond:  # t2..t5 t6..t3 becomes t6..t3 t2..t5: turn both together, then each
        forward = plan_between(tour, made, planned, t2, t3, forward)
        forward = plan_between(tour, made, planned + 1, t3, t6, forward)
        plan_between(tour, made, planned + 2, t5, t2, forward)
        return planned + 3
    # t2..t6 t5..t3 becomes t6..t2 t3..t5: turn each
    forward = plan_between(tour, made, planned, t2, t6, forward)
    plan_between(tour, made, planned + 1, t5, t3, forward)
    return planned + 2


@compiled
def plan_between(tour: Tour, made: int, planned: int, start: int, end: int, forward: bool) -> bool:
    """Plan the reversal of the stretch between two nodes; return where forward is then."""
    first, last = place_of(tour, made, planned, start), place_of(tour, made, planned, end)
    return plan(tour, planned, first, last, forward)
