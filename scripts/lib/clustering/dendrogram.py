"""A binary tree over rows: how it is put together, laid out and cut.

Leaves are the rows 0 to n - 1, inner nodes follow, children before parents, the root last.
"""

import heapq
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled

Longs = npt.NDArray[np.int64]


class Dendrogram(NamedTuple):
    """A binary tree over n rows.

    children : (n - 1, 2) int64, the two children of node n + i
    heights : (n - 1,) float64, how far apart these are
    """

    children: Longs
    heights: npt.NDArray[np.float64]

    @property
    def leaves(self) -> int:
        """Return the number of rows."""
        return len(self.children) + 1


class LeafRuns(NamedTuple):
    """The leaves in the order of the tree, in which those of each node are a run.

    order : (n,) int64, rows
    starts, counts : (2n - 1,) int64, the run of each node
    """

    order: Longs
    starts: Longs
    counts: Longs

    def of(self, node: int) -> Longs:
        """Return the rows below a node."""
        return self.order[self.starts[node] : self.starts[node] + self.counts[node]]


def from_merges(merges: Longs, heights: npt.NDArray[np.float64], n: int) -> Dendrogram:
    """Return the tree of merges in any order, each named by two rows that stand for what they are in."""
    order = np.argsort(heights, kind="stable")
    children = merges[order].copy()
    _name_nodes(children, np.arange(n, dtype=np.int64), np.arange(n, dtype=np.int64))
    return Dendrogram(children, heights[order])


@compiled
def _name_nodes(children: Longs, parents: Longs, nodes: Longs) -> None:
    """Replace rows by the nodes that they are in when their turn comes.

    parents : (n,) int64, a disjoint-set forest; nodes : (n,) int64, the node of each of its roots
    """
    n = len(parents)
    for place in range(len(children)):
        one, other = _root(parents, children[place, 0]), _root(parents, children[place, 1])
        children[place, 0], children[place, 1] = nodes[one], nodes[other]
        parents[one] = other
        nodes[other] = n + place


@compiled
def _root(parents: Longs, row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


def leaf_runs(tree: Dendrogram) -> LeafRuns:
    """Lay the leaves out, first children first."""
    n = tree.leaves
    order, starts, counts = (np.zeros(size, np.int64) for size in (n, 2 * n - 1, 2 * n - 1))
    _lay_out(tree.children, order, starts, counts)
    return LeafRuns(order, starts, counts)


@compiled
def _lay_out(children: Longs, order: Longs, starts: Longs, counts: Longs) -> None:
    n = len(order)
    counts[:n] = 1
    for place in range(n - 1):
        counts[n + place] = counts[children[place, 0]] + counts[children[place, 1]]
    for place in range(n - 2, -1, -1):
        one, other = children[place, 0], children[place, 1]
        starts[one] = starts[n + place]
        starts[other] = starts[n + place] + counts[one]
    for row in range(n):
        order[starts[row]] = row


def cut(tree: Dendrogram, k: int) -> npt.NDArray[np.int32]:
    """Cut the highest joints until there are k clusters, or one a row: (n,) int32."""
    n, runs = tree.leaves, leaf_runs(tree)
    numbers = np.empty(n, np.int32)
    for number, node in enumerate(highest_nodes(tree, k)):
        numbers[runs.of(node)] = number
    return numbers


def highest_nodes(tree: Dendrogram, k: int) -> list[int]:
    """Return the k nodes that are left when the highest joints are undone, in the order of the leaves."""
    runs, n = leaf_runs(tree), tree.leaves
    leaves: list[int] = []
    heap = [_entry(tree, 2 * n - 2)]
    while heap and len(heap) + len(leaves) < k:
        node = heapq.heappop(heap)[1]
        if node < n:
            leaves.append(node)
        else:
            for child in tree.children[node - n].tolist():
                heapq.heappush(heap, _entry(tree, child))
    return sorted([*leaves, *(node for _, node in heap)], key=lambda node: int(runs.starts[node]))


def _entry(tree: Dendrogram, node: int) -> tuple[float, int]:
    n = tree.leaves
    return (-tree.heights[node - n], node) if node >= n else (1.0, node)
