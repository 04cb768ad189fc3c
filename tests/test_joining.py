"""Exact joining: the links are the shortest of all pairs, and few vectors are searched for them."""

import numpy as np
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.tree.edges import NO_EDGES, graph_edges
from scripts.lib.ordering.tree.foreign import nearest_foreign
from scripts.lib.ordering.tree.forest import minimal_forest
from scripts.lib.ordering.tree.joining import join_exactly, rows_to_search
from scripts.lib.ordering.tree.reach import reaches
from scripts.lib.ordering.vectors import Ints
from tests.trees import all_distances, lightest_weight, points, weight


def random_labels(n: int, count: int) -> Ints:
    labels = np.random.default_rng(count).integers(0, count, n)
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("d", [1, 7, 64])
def test_the_nearest_foreign_vector_is_that_of_all(d: int, dtype: type) -> None:
    vectors, labels = points(700, d).astype(dtype), random_labels(700, 3)
    rows = np.arange(0, 700, 3, dtype=np.int32)
    distances = all_distances(vectors)
    distances[labels[:, np.newaxis] == labels] = np.inf
    links = nearest_foreign(vectors, labels, rows)
    assert links["distance"] == pytest.approx(distances[rows].min(axis=1), rel=1e-6)
    assert (labels[links["source"]] != labels[links["target"]]).all()
    assert ((links["source"] == rows) | (links["target"] == rows)).all()


def test_near_vectors_far_from_the_origin_are_told_apart() -> None:
    vectors = points(200, 16) * np.float32(1e-2) + np.float32(3e4)
    labels = random_labels(200, 4)
    distances = all_distances(vectors)
    distances[labels[:, np.newaxis] == labels] = np.inf
    links = nearest_foreign(vectors, labels, np.arange(200, dtype=np.int32))
    assert links["distance"].tolist() == distances.min(axis=1).astype(np.float32).tolist()


def test_the_search_does_not_depend_on_threads() -> None:
    vectors, labels, rows = points(3000, 20), random_labels(3000, 9), np.arange(3000, dtype=np.int32)
    counted: list[int] = []
    alone = nearest_foreign(vectors, labels, rows, 1, counted.append)
    assert sum(counted) == 3000
    assert alone.tobytes() == nearest_foreign(vectors, labels, rows, 3).tobytes()


@pytest.mark.parametrize("k", [2, 3, 10])
def test_what_is_known_spares_searches_and_changes_nothing(k: int) -> None:
    vectors = points(500, 4)
    graph = nearest_neighbors(vectors, KnnSettings(k=k))
    searches: dict[bool, list[int]] = {True: [], False: []}
    weights = []
    for knowing, searched in searches.items():
        known = graph_edges(graph) if knowing else NO_EDGES
        bounds = reaches(vectors, graph) if knowing else np.zeros(500)
        tree = join_exactly(vectors, NO_EDGES, known, bounds, 1, searched.append)
        assert len(minimal_forest(tree, 500)) == 499
        weights.append(weight(tree))
    assert weights == pytest.approx([lightest_weight(all_distances(vectors))] * 2, rel=1e-6)
    assert sum(searches[True]) < sum(searches[False])


def test_a_vector_whose_bound_is_beyond_what_is_known_is_not_searched() -> None:
    vectors = np.array([[0], [1], [3], [7], [8]], np.float32)
    labels = np.array([0, 0, 1, 2, 2], np.int32)
    known = graph_edges(nearest_neighbors(vectors, KnnSettings(k=2)))
    known = known[labels[known["source"]] != labels[known["target"]]]
    bounds = np.array([0, 0, 1.5, 4.5, 3.5])
    # The largest island, the first of two, never searches; 2 knows a link of 2, 3 and 4 one of 4.
    assert rows_to_search(labels, known, bounds).tolist() == [2, 4]
