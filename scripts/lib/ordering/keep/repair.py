"""The repair of a path where it was disturbed, and nowhere else.

The search begins at the disturbed nodes. It goes on from where its moves have changed something, but
only near by on the path, and no move may turn more than a few nodes. So however bad a path is elsewhere,
it stays as it is there.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.keep.kept_order import Remains
from scripts.lib.ordering.search.kicks import SearchSettings
from scripts.lib.ordering.search.local_search import Search, make_queue, pop, push
from scripts.lib.ordering.search.moves import find_move
from scripts.lib.ordering.search.tour import carry_out
from scripts.lib.ordering.search.two_opt import cut_open, make_search
from scripts.lib.ordering.vectors import Ints, Vectors

REACH = 10  # nodes that a reversal may turn; 50 displace ten times as many rows for 0.01 % of length

Mask = npt.NDArray[np.bool_]


def is_new(path: Ints, former: Ints) -> Mask:
    """Tell of each place on a path whether its row was not in the former one: (n,) bool."""
    new = np.ones(len(path), np.bool_)
    new[former] = False
    mask: Mask = new[path]
    return mask


def disturbed_places(path: Ints, remains: Remains) -> Mask:
    """Tell where on a path new rows stand, or rows beside them, or beside a gap: (n,) bool."""
    former = remains.path
    beside_gap = np.zeros(len(path), np.bool_)
    beside_gap[former[remains.gaps[remains.gaps > 0] - 1]] = True
    beside_gap[former[remains.gaps[remains.gaps < len(former)]]] = True
    return widened(is_new(path, former), 1) | beside_gap[path]


def widened(mask: Mask, places: int) -> Mask:
    """Mark also so many places on either side of each that is marked."""
    window = 2 * places + 1
    counts = np.pad(mask.astype(np.int64), (places + 1, places)).cumsum()
    wide: Mask = counts[window:] > counts[:-window]
    return wide


def repair(
    vectors: Vectors, graph: NeighborGraph, path: Ints, disturbed: Mask, settings: SearchSettings
) -> Ints:
    """Shorten a path by moves that begin near where it is disturbed; either end may come first then.

    disturbed : (n,) bool, by place on the path
    """
    if len(path) < 3 or not disturbed.any():
        return path
    search = make_search(vectors, graph, path, replace(settings, longest=REACH))
    search = search._replace(queue=make_queue(path[disturbed], len(path) + 1))
    near = np.zeros(len(path) + 1, np.bool_)
    near[path[widened(disturbed, REACH)]] = True
    descend_near(search, near)
    return cut_open(search.tour)


@compiled
def descend_near(search: Search, near: Mask) -> None:
    """Make moves from the queued nodes, and from those that they change if they are near: by node."""
    links, tour, chain, queue = search
    while queue.span[1] > 0:
        move = find_move(links, tour, chain, 0, pop(queue))
        if move.gain > 0.0:
            carry_out(tour, 0, move.planned)
            for end in range(move.ends):
                if near[chain.ends[end]]:
                    push(queue, chain.ends[end])
