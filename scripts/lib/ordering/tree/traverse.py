"""A first path: a depth-first walk of the spanning tree that looks ahead.

The walk starts at one end of the tree's longest path and, wherever the tree branches, enters the
shallow branches first: the way back from them is short, and from the last one, the deepest, there
is no way back at all. All in linear time and without recursion.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.vectors import Floats, Ints

Doubles = npt.NDArray[np.float64]


class Adjacency(NamedTuple):
    """A tree as lists of neighbours: those of node i stand in starts[i] : starts[i + 1].

    starts : (n + 1,) int64
    nodes : (2n - 2,) int32
    lengths : (2n - 2,) float32
    """

    starts: npt.NDArray[np.int64]
    nodes: Ints
    lengths: Floats


class Rooted(NamedTuple):
    """A tree hung up at a root.

    order : (n,) int32, breadth first: every node after its parent
    parent : (n,) int32, the root its own
    above : (n,) float64, length of the way up to the root
    below : (n,) float64, length of the longest way down
    size : (n,) int32, number of nodes in the branch that starts here
    """

    order: Ints
    parent: Ints
    above: Doubles
    below: Doubles
    size: Ints


def traverse(tree: Edges, n: int) -> Ints:
    """Walk the tree and return its nodes in the order of their first visit.

    tree : (n - 1,) MST_EDGE
    returns : (n,) int32, a permutation
    """
    if n == 0:
        return np.empty(0, np.int32)
    adjacency = neighbor_lists(tree, n)
    # The node farthest from any node is an end of a longest path.
    end = int(hang(adjacency, 0).above.argmax())
    rooted = hang(adjacency, end)
    return lay_out(rooted, deepest_last(rooted))


def neighbor_lists(tree: Edges, n: int) -> Adjacency:
    """Turn edges into lists of neighbours."""
    own = np.concatenate([tree["source"], tree["target"]])
    order = np.argsort(own, kind="stable")
    starts = np.zeros(n + 1, np.int64)
    starts[1:] = np.bincount(own, minlength=n).cumsum()
    nodes = np.concatenate([tree["target"], tree["source"]])[order]
    return Adjacency(starts, nodes, np.tile(tree["distance"], 2)[order])


def deepest_last(rooted: Rooted) -> Ints:
    """Return the nodes breadth first, siblings by the length of the longest way down to a leaf."""
    rank = np.empty_like(rooted.order)
    rank[rooted.order] = np.arange(len(rank), dtype=np.int32)
    way_down = rooted.above + rooted.below  # siblings share the way up to their parent
    order = np.lexsort((rank, way_down, rank[rooted.parent], rank > 0))
    return order.astype(np.int32)


@njit(cache=True)
def hang(adjacency: Adjacency, root: int) -> Rooted:
    """Hang the tree up at a root."""
    starts, nodes, lengths = adjacency
    n = starts.size - 1
    order, parent = np.empty(n, np.int32), np.full(n, root, np.int32)
    above, below = np.zeros(n), np.zeros(n)
    size = np.ones(n, np.int32)
    order[0] = root
    found = 1
    for place in range(n):
        node = order[place]
        for link in range(starts[node], starts[node + 1]):
            child = nodes[link]
            if child != parent[node]:
                order[found] = child
                found += 1
                parent[child] = node
                above[child] = above[node] + lengths[link]
    for child in order[:0:-1]:
        node = parent[child]
        below[node] = max(below[node], below[child] + above[child] - above[node])
        size[node] += size[child]
    return Rooted(order, parent, above, below, size)


@njit(cache=True)
def lay_out(rooted: Rooted, order: Ints) -> Ints:
    """Return the nodes in depth-first order.

    order : (n,) int32, parents before children, siblings in the order of their visit
    """
    path, free = np.empty_like(order), np.empty_like(order)
    root = order[0]
    path[0], free[root] = root, 1
    for node in order[1:]:
        place = free[rooted.parent[node]]
        path[place] = node
        free[node] = place + 1
        free[rooted.parent[node]] = place + rooted.size[node]
    return path
