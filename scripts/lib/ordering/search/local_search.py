"""Local search on a tour: descent to a local minimum, and kicks out of it.

Descent works through a queue of nodes from which a move may pay; all others have their don't-look
bit set. A kick swaps the outer two of three short neighbouring stretches, a double bridge, which
chains of 2-opt moves do not undo; the queue then holds its eight ends only, so that the repair
stays near by. If the tour came out longer, the reversals since the kick are taken back.

Bentley 1992; Martin, Otto and Felten 1992; Applegate, Cook and Rohe 2003.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.search.links import Links, length
from scripts.lib.ordering.search.moves import Chain, find_move, plan_between
from scripts.lib.ordering.search.tour import Tour, carry_out, node_at, take_back, wrap
from scripts.lib.ordering.vectors import Ints

LONGEST_MOVE = 16


class Queue(NamedTuple):
    """The nodes still to be looked at, each at most once, in a ring.

    nodes : (n,) int32
    waiting : (n,) bool, by node: its don't-look bit, inverted
    span : (2,) int64, the place of the first and their number
    """

    nodes: Ints
    waiting: npt.NDArray[np.bool_]
    span: npt.NDArray[np.int64]


class Search(NamedTuple):
    """All that a local search works on."""

    links: Links
    tour: Tour
    chain: Chain
    queue: Queue


def make_queue(nodes: Ints, n: int) -> Queue:
    """Queue some of n nodes in the given order."""
    ring, waiting = np.zeros(n, np.int32), np.zeros(n, np.bool_)
    ring[: len(nodes)], waiting[nodes] = nodes, True
    return Queue(ring, waiting, np.array([0, len(nodes)]))


def queued(queue: Queue) -> Ints:
    """Return the nodes that wait, the first first: (m,) int32."""
    first, count = queue.span
    return np.roll(queue.nodes, -first)[:count].copy()


@compiled
def push(queue: Queue, node: int) -> None:
    """Put a node at the end of the queue unless it waits already."""
    if not queue.waiting[node]:
        queue.waiting[node] = True
        queue.nodes[wrap(queue.span[0] + queue.span[1], queue.nodes.size)] = node
        queue.span[1] += 1


@compiled
def pop(queue: Queue) -> int:
    """Take the first node off the queue."""
    node = int(queue.nodes[queue.span[0]])
    queue.waiting[node] = False
    queue.span[0] = wrap(queue.span[0] + 1, queue.nodes.size)
    queue.span[1] -= 1
    return node


@compiled
def descend(search: Search, made: int) -> tuple[float, int]:
    """Make moves from the queued nodes until the queue is empty or the list of reversals full.

    made : how many reversals of the list are to be left as they are
    returns : the length gained, and how many reversals are made now
    """
    links, tour, chain, queue = search
    gained = 0.0
    while queue.span[1] > 0 and made + LONGEST_MOVE < tour.firsts.size:
        move = find_move(links, tour, chain, made, pop(queue))
        if move.gain > 0.0:
            carry_out(tour, made, move.planned)
            made = move.planned
            gained += move.gain
            for end in range(move.ends):
                push(queue, chain.ends[end])
    return gained, made


@compiled
def kick_and_repair(search: Search, kicks: npt.NDArray[np.int64]) -> float:
    """Try kicks one after the other, keep those that do not lengthen the tour; return the gain.

    kicks : (m, 4) int64, a place, and the sizes of the three stretches after it
    """
    gained = 0.0
    for kick in kicks:
        loss, kicked = double_bridge(search, kick)
        gain, made = descend(search, kicked)
        if gain >= loss:
            gained += gain - loss
        else:
            take_back(search.tour, made)
        while search.queue.span[1] > 0:  # only if the list of reversals was full
            pop(search.queue)
    return gained


@compiled
def double_bridge(search: Search, kick: npt.NDArray[np.int64]) -> tuple[float, int]:
    """Turn a, b, c, the stretches after a place, into c, b, a.

    returns : the length lost, and how many reversals it took
    """
    tour, links = search.tour, search.links
    place, a, b, c = kick
    before, a1, a2 = at(tour, place), at(tour, place + 1), at(tour, place + a)
    b1, b2 = at(tour, place + a + 1), at(tour, place + a + b)
    c1, c2 = at(tour, place + a + b + 1), at(tour, place + a + b + c)
    after = at(tour, place + a + b + c + 1)
    forward, made = True, 0
    for first, last in ((a1, c2), (c2, c1), (b2, b1), (a2, a1)):
        forward = plan_between(tour, 0, made, first, last, forward)
        made += 1
    carry_out(tour, 0, made)
    loss = 0.0
    for one, other in ((before, c1), (c2, b1), (b2, a1), (a2, after)):
        loss += length(links, one, other)
        push(search.queue, one)
        push(search.queue, other)
    for one, other in ((before, a1), (a2, b1), (b2, c1), (c2, after)):
        loss -= length(links, one, other)
    return loss, made


@compiled
def at(tour: Tour, place: int) -> int:
    """Return the node at a place, counted on over the last one."""
    return node_at(tour, 0, 0, place)
