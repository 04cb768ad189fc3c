"""Single linkage: the minimum spanning tree cut at its longest edges (Gower and Ross 1969).

A single outlier is a cluster to this tree, so cuts that part less than `smallest` rows do not count, and what
they part is in no cluster.
"""

import numpy as np
import numpy.typing as npt

from scripts.lib.clustering.dendrogram import Dendrogram, from_merges, leaf_runs
from scripts.lib.ordering.tree.edges import Edges


def tree_dendrogram(edges: Edges, n: int) -> Dendrogram:
    """Return the single-linkage tree that a spanning tree is.

    edges : (n - 1,) MST_EDGE
    """
    merges = np.stack([edges["source"], edges["target"]], axis=1).astype(np.int64)
    return from_merges(merges, edges["distance"].astype(np.float64), n)


def cut_single(tree: Dendrogram, k: int, smallest: int) -> npt.NDArray[np.int32]:
    """Cut into k clusters of at least `smallest` rows, or as many as there are.

    returns : (n,) int32, -1 for what is in none
    """
    runs, n = leaf_runs(tree), tree.leaves
    numbers = np.full(n, -1, np.int32)
    clusters = parted = {2 * n - 2}
    for node in range(2 * n - 2, n - 1, -1):  # from the longest edge on
        if len(clusters) >= k:
            break
        large = [child for child in tree.children[node - n].tolist() if runs.counts[child] >= smallest]
        if node in clusters and large:
            clusters = clusters - {node} | set(large)
            parted = clusters if len(large) > 1 else parted
    for number, node in enumerate(sorted(parted, key=lambda node: int(runs.starts[node]))):
        numbers[runs.of(node)] = number
    return numbers
