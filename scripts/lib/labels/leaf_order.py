"""The order of a tree's leaves: of the two ways to lay out each joint, the one that keeps neighbours alike.

From the root down each pair of branches is put such that their ends are near to what lies outside, a simple
form of what Gruvaeus and Wainer (1972) do.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.clustering.dendrogram import Dendrogram
from scripts.lib.ordering.vectors import Floats

Longs = npt.NDArray[np.int64]


def oriented(tree: Dendrogram, space: Floats) -> Dendrogram:
    """Return the tree with the children of each node in the better order.

    space : (n, d) float32, the leaves; as much memory again is taken for the centroids of the nodes
    """
    children = tree.children.copy()
    n, d = space.shape
    if n > 2:
        inner = np.empty((n - 1, d), np.float32)
        _centroids(children, space, inner, np.ones(2 * n - 1))
        _orient(children, space, inner)
    return Dendrogram(children, tree.heights)


@njit(cache=True, nogil=True)
def _centroids(children: Longs, space: Floats, inner: Floats, sizes: npt.NDArray[np.float64]) -> None:
    """Write the mean of the leaves below each inner node; sizes begin as ones."""
    n = len(space)
    for place in range(n - 1):
        one, other = children[place]
        whole = sizes[one] + sizes[other]
        first, second = _node(space, inner, one), _node(space, inner, other)
        for column in range(space.shape[1]):
            inner[place, column] = (sizes[one] * first[column] + sizes[other] * second[column]) / whole
        sizes[n + place] = whole


@njit(cache=True, nogil=True)
def _orient(children: Longs, space: Floats, inner: Floats) -> None:
    n = len(space)
    # Each entry is a node and what lies before and behind it, -1 for nothing.
    stack = np.empty((n + 1, 3), np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2] = 2 * n - 2, -1, -1
    height, last = 1, -1
    while height:
        height -= 1
        node, before, behind = stack[height]
        if last >= 0:
            before = last  # the leaf itself rather than the branch that it ended
        if node < n:
            last = node
            continue
        one, other = children[node - n]
        as_is = _gap(space, inner, before, one) + _gap(space, inner, other, behind)
        turned = _gap(space, inner, before, other) + _gap(space, inner, one, behind)
        if turned < as_is:
            one, other = other, one
            children[node - n, 0], children[node - n, 1] = one, other
        stack[height, 0], stack[height, 1], stack[height, 2] = other, one, behind
        stack[height + 1, 0], stack[height + 1, 1], stack[height + 1, 2] = one, before, other
        height += 2


@njit(cache=True, nogil=True)
def _node(space: Floats, inner: Floats, node: int) -> Any:
    return space[node] if node < len(space) else inner[node - len(space)]


@njit(cache=True, nogil=True)
def _gap(space: Floats, inner: Floats, one: int, other: int) -> float:
    """Return the distance of two nodes, 0 where one of them is nothing."""
    if one < 0 or other < 0:
        return 0.0
    first, second, total = _node(space, inner, one), _node(space, inner, other), 0.0
    for column in range(space.shape[1]):
        total += (first[column] - second[column]) ** 2
    return float(np.sqrt(total))
