"""What the tests of spanning trees share: vectors, and trees by brute force."""

import networkx
import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.metric import kernel_view, pair_distances
from scripts.lib.ordering.tree.edges import Edges

Doubles = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.floating]


def points(n: int, d: int = 6, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng([n, seed]).normal(size=(n, d)).astype(np.float32)


def clusters(count: int, size: int, d: int, far: float, seed: int = 0) -> npt.NDArray[np.float32]:
    """Round clusters whose centres are `far` times as far from each other as their vectors."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(count, d)) * far
    vectors = centres.repeat(size, axis=0) + generator.normal(size=(count * size, d))
    return generator.permutation(vectors).astype(np.float32)


def all_distances(vectors: Vectors) -> Doubles:
    """All distances as the metric gives them: (n, n) float64."""
    n = len(vectors)
    own, other = (each.ravel().astype(np.int32) for each in np.indices((n, n)))
    return pair_distances(kernel_view(vectors), own, other).reshape(n, n).astype(np.float64)


def lightest_weight(distances: Doubles) -> float:
    """Weight of the minimum spanning tree by Prim's algorithm on all pairs."""
    if not len(distances):
        return 0.0
    nearest, total = distances[0].copy(), 0.0
    outside = np.arange(len(distances)) > 0
    while outside.any():
        node = int(np.where(outside, nearest, np.inf).argmin())
        total += nearest[node]
        outside[node] = False
        nearest = np.minimum(nearest, distances[node])
    return total


def weight_with(edges: Edges, distances: Doubles) -> float:
    """Weight of the lightest spanning tree that holds these edges; infinite where they close a circle."""
    n = len(distances)
    kept = networkx.Graph()
    kept.add_nodes_from(range(n))
    kept.add_edges_from(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True))
    if networkx.number_connected_components(kept) != n - len(edges):
        return np.inf
    parts = [list(part) for part in networkx.connected_components(kept)]
    between = np.array([[distances[np.ix_(one, other)].min() for other in parts] for one in parts])
    return float(distances[edges["source"], edges["target"]].sum()) + lightest_weight(between)


def is_tree(tree: Edges, n: int) -> bool:
    graph = networkx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(zip(tree["source"].tolist(), tree["target"].tolist(), strict=True))
    return len(tree) == n - 1 and bool(networkx.is_connected(graph))


def weight(tree: Edges) -> float:
    return float(tree["distance"].sum(dtype=np.float64))
