"""A tree into labels: a digit per level, as many branches as the alphabet has symbols.

A label is the way from the root to an image, so its beginnings are groups. Its last symbol is no branch: new
images get the other ones there (`kept_labels.py`). No label is the beginning of another one.
"""

import heapq

import numpy as np
import numpy.typing as npt

from scripts.lib.clustering.dendrogram import Dendrogram

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"  # in the order in which names are sorted


def tree_labels(tree: Dendrogram, symbols: int) -> list[str]:
    """Return the way to each leaf, and the first symbol; their order is that of the leaves."""
    n = tree.leaves
    labels = [""] * n
    pending = [(2 * n - 2, "")]
    while pending:
        node, way = pending.pop()
        if node < n:
            labels[node] = way + ALPHABET[0]
        else:
            pending += [(each, way + ALPHABET[i]) for i, each in enumerate(branches(tree, node, symbols))]
    return labels


def branches(tree: Dendrogram, node: int, most: int) -> list[int]:
    """Return what an inner node parts into when its highest joints are undone, `most` at most, in order."""
    n = tree.leaves
    # A path of 0 and 1 says where a branch lies among the others.
    heap: list[tuple[float, int, str]] = [_entry(tree, node, "")]
    leaves: list[tuple[str, int]] = []
    while heap and len(heap) + len(leaves) < most:
        _, joint, way = heapq.heappop(heap)
        for side, child in zip("01", tree.children[joint - n].tolist(), strict=True):
            if child < n:
                leaves.append((way + side, child))
            else:
                heapq.heappush(heap, _entry(tree, child, way + side))
    found = [*leaves, *((way, joint) for _, joint, way in heap)]
    return [each for _, each in sorted(found)]


def _entry(tree: Dendrogram, node: int, way: str) -> tuple[float, int, str]:
    return (-float(tree.heights[node - tree.leaves]), node, way)


def label_order(labels: list[str]) -> npt.NDArray[np.int64]:
    """Return the rows sorted by their labels: (n,) int64."""
    return np.array(sorted(range(len(labels)), key=labels.__getitem__), np.int64)
