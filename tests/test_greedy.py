"""The greedy start: a permutation, of the shortest links that a path can have."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.search.greedy import greedy_path
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.tree.traverse import traverse


def points(n: int, d: int = 8) -> npt.NDArray[np.float32]:
    return np.random.default_rng(n + d).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize(("n", "k"), [(1, 4), (2, 4), (3, 1), (50, 1), (50, 49), (2000, 12)])
def test_every_node_is_on_the_path_once(n: int, k: int) -> None:
    graph = nearest_neighbors(points(n), KnnSettings(k=k))
    walk = np.random.default_rng(0).permutation(n).astype(np.int32)
    assert sorted(greedy_path(graph, walk)) == list(range(n))


def test_links_are_those_that_the_plain_greedy_rule_takes() -> None:
    vectors = points(60)
    graph = nearest_neighbors(vectors, KnnSettings(k=10))
    links = sorted(
        {
            (d, min(i, j), max(i, j))
            for i in range(60)
            for j, d in zip(graph.indices[i], graph.distances[i], strict=True)
        }
    )
    degree, fragment, taken = [0] * 60, list(range(60)), set()
    for _, i, j in links:
        if degree[i] < 2 and degree[j] < 2 and fragment[i] != fragment[j]:
            old, new = fragment[i], fragment[j]
            fragment = [new if each == old else each for each in fragment]
            degree[i], degree[j] = degree[i] + 1, degree[j] + 1
            taken.add((i, j))
    path = greedy_path(graph, np.arange(60, dtype=np.int32)).tolist()
    on_path = {(min(i, j), max(i, j)) for i, j in pairwise(path)}
    assert taken <= on_path


def test_points_on_a_line_come_out_sorted() -> None:
    places = np.random.default_rng(3).permutation(100)
    vectors = places[:, np.newaxis].astype(np.float32)
    graph = nearest_neighbors(vectors, KnnSettings(k=4))
    path = greedy_path(graph, np.arange(100, dtype=np.int32))
    assert places[path].tolist() in (list(range(100)), list(range(99, -1, -1)))


def test_the_start_is_shorter_than_the_walk_of_the_tree() -> None:
    vectors = points(3000, 16)
    graph = nearest_neighbors(vectors, KnnSettings(k=12))
    walk = traverse(minimum_spanning_tree(vectors, graph), 3000)
    assert link_lengths(vectors, greedy_path(graph, walk)).sum() < link_lengths(vectors, walk).sum()
