"""Cheapest insertion: new nodes go into a path where they lengthen it least.

A node looks at the gaps beside those that it is linked to, in the neighbour graph from either side or in
the spanning tree. Of all nodes that wait, the one that costs least goes first, and those linked to it may
follow beside it: so a group of new images that resembles nothing in the path enters it by one bridge of
the tree, as a whole.

Rosenkrantz, Stearns and Lewis 1977.
"""

from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.metric import kernel_view
from scripts.lib.ordering.search.ring import Ring, link, make_ring, tie, unroll
from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.vectors import Ints, Rows, Vectors


class Partners(NamedTuple):
    """Whom each new row may be put beside: those of row i stand in starts[i] : starts[i + 1].

    starts : (n + 1,) int64
    nodes : (m,) int64, ascending for each row
    """

    starts: Rows
    nodes: Rows


class Gap(NamedTuple):
    """Between a node of the ring and the next: what a row would cost there, and that node, -1 for none."""

    cost: float
    left: int


def insert_all(vectors: Vectors, graph: NeighborGraph, tree: Edges, path: Ints) -> Ints:
    """Insert all vectors that are not on a path, each at the cheapest place that it knows.

    Takes time in proportion to the number of inserted vectors and of their links, but for a look
    at the whole graph.

    vectors : (n, d) float16 or float32
    tree : (n - 1,) MST_EDGE, a spanning tree
    path : (m,) int32, distinct rows; where it is empty, row 0 begins
    returns : (n,) int32, a permutation, in which the path's rows have kept their order
    """
    n = len(vectors)
    is_new = np.ones(n, np.bool_)
    is_new[path] = False
    if not is_new.any():
        return path
    ring = make_ring(path, n) if len(path) else make_ring(np.zeros(1, np.int32), n)
    links = links_of_new(graph, tree, is_new)
    place_all(kernel_view(vectors), ring, links, np.flatnonzero(is_new))
    return unroll(ring)


def links_of_new(graph: NeighborGraph, tree: Edges, is_new: npt.NDArray[np.bool_]) -> Partners:
    """Collect the links of the graph, from either side, and of the tree that end at a new row."""
    n, k = graph.indices.shape
    new = np.flatnonzero(is_new)
    rows, columns = np.nonzero(is_new[graph.indices])
    listed = graph.indices[rows, columns]
    ends = np.concatenate([new.repeat(k), listed, tree["source"], tree["target"]])
    others = np.concatenate([graph.indices[new].ravel(), rows, tree["target"], tree["source"]])
    wanted = is_new[ends]
    pairs = np.unique(ends[wanted] * np.int64(n) + others[wanted])
    return Partners(np.searchsorted(pairs, np.arange(n + 1) * n), pairs % n)


@njit(cache=True, nogil=True)
def place_all(vectors: npt.NDArray[Any], ring: Ring, links: Partners, rows: Rows) -> None:
    """Put rows into the ring, always the cheapest first; links must connect them all with it."""
    waiting = [(0.0, rows[0])]
    waiting.pop()  # numba takes the type of an empty list from what once was in it
    for row in rows:
        gap = cheapest_gap(vectors, ring, links, row)
        if gap.left >= 0:
            heappush(waiting, (gap.cost, row))
    while len(waiting):
        promised, row = heappop(waiting)
        if ring.after[row] >= 0:
            continue
        gap = cheapest_gap(vectors, ring, links, row)
        if gap.cost > promised:  # another row took the gap that it had in view
            heappush(waiting, (gap.cost, row))
            continue
        insert(ring, gap.left, row)
        for other in links.nodes[links.starts[row] : links.starts[row + 1]]:
            if ring.after[other] < 0:
                gap = cheaper_beside(vectors, ring, row, other, Gap(np.inf, -1))
                heappush(waiting, (gap.cost, other))


@njit(cache=True, nogil=True)
def cheapest_gap(vectors: npt.NDArray[Any], ring: Ring, links: Partners, row: int) -> Gap:
    """Find the gap in which a row costs least, beside one that it is linked to or at the path's ends.

    There is none as long as nothing that it is linked to is on the path.
    """
    best = Gap(np.inf, -1)
    for other in links.nodes[links.starts[row] : links.starts[row + 1]]:
        if ring.after[other] >= 0:
            best = cheaper_beside(vectors, ring, other, row, best)
    if best.left >= 0:
        best = cheaper_beside(vectors, ring, ring.after.size - 1, row, best)
    return best


@njit(cache=True, nogil=True)
def cheaper_beside(vectors: npt.NDArray[Any], ring: Ring, node: int, row: int, best: Gap) -> Gap:
    """Return the cheaper gap for a row before or after a node, or the best known if that is."""
    for left in (ring.before[node], node):
        cost = detour(vectors, ring, left, row)
        if cost < best.cost:
            best = Gap(cost, left)
    return best


@njit(cache=True, nogil=True)
def detour(vectors: npt.NDArray[Any], ring: Ring, left: int, row: int) -> float:
    """Return how much longer the ring is with a row between a node and the next."""
    right = ring.after[left]
    added = link(vectors, left, row) + link(vectors, row, right)
    return added - link(vectors, left, right)


@njit(cache=True, nogil=True)
def insert(ring: Ring, left: int, row: int) -> None:
    """Put a row between a node and the next."""
    right = ring.after[left]
    tie(ring, left, row)
    tie(ring, row, right)
