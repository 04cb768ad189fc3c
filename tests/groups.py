"""What the tests of clusters, labels and maps share: made vectors in groups, and what is computed of them."""

import numpy as np

from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.tree.mst import minimum_spanning_tree


def blobs(
    groups: int, each: int, d: int = 8, seed: int = 0, apart: float = 10
) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors (groups * each, d) float32 in well separated groups, shuffled, and the group of each."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(groups, d)) * apart
    truth = np.repeat(np.arange(groups), each)
    order = random.permutation(len(truth))
    vectors = centres[truth] + random.normal(size=(len(truth), d))
    return vectors[order].astype(np.float32), truth[order]


def graph_and_tree(vectors: np.ndarray, k: int = 8) -> tuple[NeighborGraph, Edges]:
    """Return the neighbour graph and the spanning tree of vectors."""
    graph = nearest_neighbors(vectors, KnnSettings(k))
    return graph, minimum_spanning_tree(vectors, graph)


def same_groups(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two divisions put the same rows together, whatever the numbers."""
    pairs = {*zip(one.tolist(), other.tolist(), strict=True)}
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))
