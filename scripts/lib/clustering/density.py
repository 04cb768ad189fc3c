"""HDBSCAN on the neighbour graph (Campello, Moulavi and Sander 2013; Malzer and Baum 2020).

scikit-learn takes a sparse graph of distances. The neighbour lists and the spanning tree are one, in which
everything hangs together, so that no n × n matrix is made.
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.tree.edges import Edges, Links, columns, graph_links

MOST_SAMPLES = 5  # neighbours that tell how dense it is somewhere


def density_clusters(graph: NeighborGraph, tree: Edges, smallest: int) -> npt.NDArray[np.int32]:
    """Return the clusters of at least `smallest` rows: (n,) int32, -1 where it is too thin.

    tree : (n - 1,) MST_EDGE, spanning
    """
    from sklearn.cluster import HDBSCAN

    n, k = graph.indices.shape
    if n < 3 or smallest >= n:
        return np.zeros(n, np.int32)
    model = HDBSCAN(
        min_cluster_size=max(2, smallest),
        min_samples=min(MOST_SAMPLES, smallest, k),
        metric="precomputed",
        copy=False,
    )
    found: npt.NDArray[np.int32] = model.fit(_distances(graph, tree)).labels_.astype(np.int32)
    return found


def _distances(graph: NeighborGraph, tree: Edges) -> csr_matrix:
    """Return the distances that are known, in both directions: (n, n) sparse float64."""
    n = len(graph.indices)
    found = _sparse(graph_links(graph), n).maximum(_sparse(columns(tree), n))
    return csr_matrix(found.maximum(found.T))


def _sparse(links: Links, n: int) -> csr_matrix:
    # A length of nothing would be no entry at all.
    lengths = np.maximum(links.lengths.astype(np.float64), np.finfo(np.float32).tiny)
    return csr_matrix((lengths, (links.sources, links.targets)), (n, n))
