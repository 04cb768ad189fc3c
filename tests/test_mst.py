"""The spanning tree against a brute-force one, and what becomes of graphs that fall apart."""

import numpy as np
import numpy.typing as npt
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.tree.edges import Edges, graph_edges
from scripts.lib.ordering.tree.forest import label_islands
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from tests.trees import all_distances, is_tree, lightest_weight


def spanning_tree(vectors: npt.NDArray[np.floating], k: int = 16) -> Edges:
    return minimum_spanning_tree(vectors, nearest_neighbors(vectors, KnnSettings(k=k)))


def points(n: int, d: int = 6) -> npt.NDArray[np.float32]:
    return np.random.default_rng(n).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(("n", "k"), [(2, 1), (3, 2), (50, 49), (400, 16)])
def test_weight_equals_brute_force(n: int, k: int, dtype: type) -> None:
    vectors = points(n).astype(dtype)
    tree = spanning_tree(vectors, k)
    assert is_tree(tree, n)
    assert tree["distance"].sum() == pytest.approx(lightest_weight(all_distances(vectors)), rel=1e-5)


def test_edges_are_sorted_and_point_upwards() -> None:
    tree = spanning_tree(points(300))
    assert (tree["source"] < tree["target"]).all()
    assert (np.lexsort((tree["target"], tree["source"], tree["distance"])) == np.arange(299)).all()


@pytest.mark.parametrize("k", [1, 2, 3])
def test_islands_are_joined_by_their_nearest_pairs(k: int) -> None:
    """No heavier than with the graph's links within islands and all links between them."""
    generator = np.random.default_rng(k)
    centres = generator.normal(size=(30, 5)) * 20
    vectors = (centres.repeat(10, axis=0) + generator.normal(size=(300, 5))).astype(np.float32)
    graph = nearest_neighbors(vectors, KnnSettings(k=k))
    islands = label_islands(graph_edges(graph), 300)
    allowed = islands[:, np.newaxis] != islands
    allowed[np.arange(300)[:, np.newaxis], graph.indices] = True
    distances = np.where(allowed | allowed.T, all_distances(vectors), np.inf)
    tree = minimum_spanning_tree(vectors, graph)
    assert islands.max() > 0
    assert is_tree(tree, 300)
    weight, least = tree["distance"].sum(), lightest_weight(all_distances(vectors))
    assert least * (1 - 1e-5) <= weight <= lightest_weight(distances) * (1 + 1e-5)


def test_two_far_clusters_are_joined_once() -> None:
    vectors = np.concatenate([points(100), points(101) + 100])
    tree = spanning_tree(vectors, 5)
    assert is_tree(tree, 201)
    assert (tree["distance"] > 50).sum() == 1
    assert tree["distance"].sum() == pytest.approx(lightest_weight(all_distances(vectors)), rel=1e-5)


def test_edges_of_length_zero_are_kept() -> None:
    vectors = points(40).repeat(10, axis=0)  # more copies than neighbours
    tree = spanning_tree(vectors, 4)
    assert is_tree(tree, 400)
    assert (tree["distance"] == 0).sum() == 40 * 9


def test_identical_vectors_make_a_tree_of_length_zero() -> None:
    tree = spanning_tree(np.zeros((500, 3), np.float16), 5)
    assert is_tree(tree, 500)
    assert not tree["distance"].any()


@pytest.mark.parametrize("n", [0, 1])
def test_no_edges_where_there_is_nothing_to_join(n: int) -> None:
    assert len(spanning_tree(points(n))) == 0


def test_the_tree_is_the_same_every_time() -> None:
    vectors = np.round(points(500, 2), 1)  # many ties
    assert spanning_tree(vectors, 3).tobytes() == spanning_tree(vectors, 3).tobytes()
