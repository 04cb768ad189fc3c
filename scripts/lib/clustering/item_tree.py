"""The tree of all rows, however many: that of their micro-clusters, and below each the tree of its own rows.

An n × n matrix allows some ten thousand rows. Beyond, k-means makes small clusters, whose centroids are
joined with their sizes as weights, as BIRCH does (Zhang, Ramakrishnan and Livny 1996).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scripts.lib.clustering.agglomerate import Linkage, agglomerate
from scripts.lib.clustering.dendrogram import Dendrogram
from scripts.lib.clustering.kmeans import micro_clusters
from scripts.lib.ordering.vectors import Floats

Progress = Callable[[int], object]

EXACT_ROWS = 12_000  # whose matrix takes 1.2 GB
MOST_MICRO_CLUSTERS = 4096
PER_ROOT = 4  # micro-clusters are four times the square root of the rows


def item_tree(
    space: Floats, linkage: Linkage, seed: int, progress: Progress = lambda rows: None
) -> Dendrogram:
    """Return the tree of all rows.

    space : (n, d) float32, n > 0, around its centre
    progress : called with the number of rows that have got their place
    """
    n = len(space)
    if n <= EXACT_ROWS:
        tree = agglomerate(space, np.ones(n, np.int64), linkage)
        progress(n)
        return tree
    micro = micro_clusters(space, min(MOST_MICRO_CLUSTERS, int(PER_ROOT * np.sqrt(n))), seed)
    if len(micro.centroids) == 1:  # nothing tells the rows apart
        progress(n)
        return _balanced(n)
    members = _members(micro.numbers, len(micro.centroids))
    upper = agglomerate(micro.centroids, np.array([len(rows) for rows in members]), linkage)
    lower = [item_tree(space[rows], linkage, seed, progress) for rows in members]
    return grafted(upper, lower, members)


def _members(numbers: npt.NDArray[np.int32], k: int) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.searchsorted(numbers[order], np.arange(1, k)))


def _balanced(n: int) -> Dendrogram:
    """Return the tree that joins neighbours two by two, as low as can be, at no height."""
    level, joints = list(range(n)), list[tuple[int, int]]()
    while len(level) > 1:
        pairs = list(zip(level[::2], level[1::2], strict=False))
        level = [*range(n + len(joints), n + len(joints) + len(pairs)), *level[2 * len(pairs) :]]
        joints += pairs
    return Dendrogram(np.array(joints, np.int64).reshape(-1, 2), np.zeros(n - 1))


def grafted(upper: Dendrogram, lower: list[Dendrogram], members: list[npt.NDArray[np.int64]]) -> Dendrogram:
    """Put a tree in the place of each leaf of another.

    members : the rows that the leaves of each of the lower trees are
    """
    n = sum(map(len, members))
    children, heights, roots, place = [], [], [], n
    for tree, rows in zip(lower, members, strict=True):
        names = np.concatenate([rows, place + np.arange(tree.leaves - 1)])
        children.append(names[tree.children])
        heights.append(tree.heights)
        roots.append(names[-1])
        place += tree.leaves - 1
    names = np.concatenate([roots, place + np.arange(upper.leaves - 1)])
    children.append(names[upper.children])
    heights.append(upper.heights)
    return Dendrogram(np.concatenate(children).astype(np.int64), np.concatenate(heights))
