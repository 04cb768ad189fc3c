"""The start of the search: greedy fragments, laid out along the walk of the spanning tree.

The links of the neighbour graph are taken from the shortest to the longest, each if it lets both of
its ends keep at most two links and closes no ring (the greedy edge heuristic; Bentley 1992). What
results are fragments of a good path. They are strung together as the walk meets them, because only
the tree knows what lies beyond the neighbour lists.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.vectors import Ints

NEAREST = 10  # neighbours of each node whose links are considered
NONE = -1


class Fragments(NamedTuple):
    """Paths that together hold every node once.

    linked : (n, 2) int32, the neighbours of each node on its fragment, NONE where it ends
    roots : (n,) int32, a disjoint-set forest of the fragments
    """

    linked: Ints
    roots: Ints


def greedy_path(graph: NeighborGraph, walk: Ints) -> Ints:
    """Return a path through all nodes, made of greedy fragments in the order of the walk.

    walk : (n,) int32, a permutation
    returns : (n,) int32, a permutation
    """
    n, k = len(walk), min(NEAREST, graph.indices.shape[1])
    own = np.repeat(np.arange(n, dtype=np.int32), k)
    shortest_first = np.argsort(graph.distances[:, :k].ravel(), kind="stable")
    fragments = Fragments(np.full((n, 2), NONE, np.int32), np.arange(n, dtype=np.int32))
    join_ends(fragments, own[shortest_first], graph.indices[:, :k].ravel()[shortest_first])
    path = np.empty(n, np.int32)
    string_together(fragments.linked, walk, np.zeros(n, np.bool_), path)
    return path


@compiled
def join_ends(fragments: Fragments, sources: Ints, targets: Ints) -> None:
    """Take links in this order, those between the ends of two fragments."""
    linked, roots = fragments
    for link in range(sources.size):
        one, other = sources[link], targets[link]
        if linked[one, 1] != NONE or linked[other, 1] != NONE:
            continue
        root, other_root = root_of(roots, one), root_of(roots, other)
        if root != other_root:
            roots[max(root, other_root)] = min(root, other_root)
            linked[one, 0 if linked[one, 0] == NONE else 1] = other
            linked[other, 0 if linked[other, 0] == NONE else 1] = one


@compiled
def root_of(roots: Ints, node: int) -> int:
    """Return the node that stands for a fragment, and halve the way there."""
    while roots[node] != node:
        roots[node] = roots[roots[node]]
        node = roots[node]
    return node


@compiled
def string_together(linked: Ints, walk: Ints, done: npt.NDArray[np.bool_], path: Ints) -> None:
    """Write the fragments one after the other, each when the walk first meets it."""
    length = 0
    for met in walk:
        if done[met]:
            continue
        before, node = NONE, nearer_end(linked, met)
        while node != NONE:
            path[length], done[node] = node, True
            length += 1
            before, node = node, beyond(linked, before, node)


@compiled
def nearer_end(linked: Ints, node: int) -> int:
    """Return that end of a node's fragment which is fewer steps away."""
    before, one = node, linked[node, 0]
    other_before, other = node, linked[node, 1]
    while one != NONE and other != NONE:
        before, one = one, beyond(linked, before, one)
        other_before, other = other, beyond(linked, other_before, other)
    return int(before if one == NONE else other_before)


@compiled
def beyond(linked: Ints, before: int, node: int) -> int:
    """Return the node that follows on the fragment, coming from the one before."""
    return int(linked[node, 1] if linked[node, 0] == before else linked[node, 0])
