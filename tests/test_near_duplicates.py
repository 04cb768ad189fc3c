"""Groups of near-duplicates against single linkage written out."""

import networkx
import numpy as np
import pytest

from scripts.lib.ordering.graph.knn import nearest_neighbors
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.tree.near_duplicates import near_distance, near_duplicates


def tree_of(vectors: np.ndarray) -> np.ndarray:
    return minimum_spanning_tree(vectors, nearest_neighbors(vectors))


def doubled(n: int, d: int = 6, seed: int = 0) -> np.ndarray:
    """n far-apart vectors, each followed by a slightly altered copy."""
    generator = np.random.default_rng(seed)
    originals = generator.normal(size=(n, d))
    return np.repeat(originals, 2, axis=0).astype(np.float32) + generator.normal(size=(2 * n, d)).astype(
        np.float32
    ) * np.float32(1e-3)


def groups_of(vectors: np.ndarray, threshold: float) -> list[set[int]]:
    distances = np.linalg.norm(vectors[:, np.newaxis] - vectors, axis=2)
    graph = networkx.from_numpy_array(distances <= threshold)
    return [group for group in networkx.connected_components(graph) if len(group) > 1]


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_those_of_single_linkage(seed: int) -> None:
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(150, 2)).astype(np.float32)
    path, tree = generator.permutation(150).astype(np.int32), tree_of(vectors)
    found = near_duplicates(tree, path)
    expected = groups_of(vectors, near_distance(tree))
    rank = path.argsort()
    together = [max(rank[list(group)]) - min(rank[list(group)]) < len(group) for group in expected]
    assert (found.groups, found.items) == (len(expected), sum(map(len, expected)))
    assert found.contiguous == sum(together)
    assert found.groups > 3


def test_copies_are_found_though_everything_has_one() -> None:
    vectors, path = doubled(40), np.arange(80, dtype=np.int32)
    found = near_duplicates(tree_of(vectors), path)
    assert (found.groups, found.items, found.contiguous) == (40, 80, 40)
    torn = np.concatenate([path[1:], path[:1]])  # only the first pair is parted
    assert near_duplicates(tree_of(vectors), torn).contiguous == 39
    torn = np.concatenate([path[[0, 2, 1]], path[3:]])  # two pairs, each by one place
    assert near_duplicates(tree_of(vectors), torn).contiguous == 38


def test_far_clusters_are_not_groups() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(60, 40)).astype(np.float32)
    vectors[30:] += 1000
    assert near_duplicates(tree_of(vectors), np.arange(60, dtype=np.int32)).groups == 0


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_a_few_items_have_no_near_duplicates(n: int) -> None:
    vectors = np.arange(n, dtype=np.float32)[:, np.newaxis]
    found = near_duplicates(tree_of(vectors), np.arange(n, dtype=np.int32))
    assert (found.groups, found.items, found.contiguous) == (0, 0, 0)


def test_identical_vectors_are_one_group() -> None:
    found = near_duplicates(tree_of(np.ones((50, 3), np.float32)), np.arange(50, dtype=np.int32))
    assert found == (0.0, 1, 50, 1)
