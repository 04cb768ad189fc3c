"""Near-duplicates side by side, at no cost."""

import numpy as np
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.search.contiguous import bring_together, find_runs
from scripts.lib.ordering.tree.edges import NO_EDGES
from scripts.lib.ordering.tree.mst import minimum_spanning_tree

NO_GRAPH = NeighborGraph(np.empty((5, 0), np.int32), np.empty((5, 0), np.float32), 1.0, "exact")


def runs_of(path: np.ndarray, labels: np.ndarray) -> int:
    return 1 + int((np.diff(labels[path]) != 0).sum())


def length(vectors: np.ndarray, path: np.ndarray) -> float:
    return float(link_lengths(vectors, path).sum(dtype=float))


@pytest.mark.parametrize("first", [None, 7])
@pytest.mark.parametrize("k", [1, 5])
def test_copies_come_together_and_the_path_gets_no_longer(k: int, first: int | None) -> None:
    generator = np.random.default_rng(0)
    vectors = np.repeat(generator.normal(size=(40, 6)), 3, axis=0).astype(np.float32)
    labels = np.repeat(np.arange(40, dtype=np.int32), 3)
    graph = nearest_neighbors(vectors, KnnSettings(k=k))
    tree = minimum_spanning_tree(vectors, graph)
    for seed in range(5):
        path = np.random.default_rng(seed).permutation(120).astype(np.int32)
        if first is not None:
            path = np.append(np.int32(first), path[path != first])
        together = bring_together(vectors, graph, tree, path, labels, first)
        assert sorted(together) == list(range(120))
        assert runs_of(together, labels) == 40
        assert length(vectors, together) <= length(vectors, path) * (1 + 1e-6)
        assert first in (None, together[0])


def test_one_group_of_many_strays_stays_a_path_and_gets_no_longer() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(400, 3)).astype(np.float32)
    labels = (np.arange(400) % 3 == 0).astype(np.int32) * np.arange(
        400, dtype=np.int32
    )  # two of three in one
    graph = nearest_neighbors(vectors, KnnSettings(k=8))
    tree = minimum_spanning_tree(vectors, graph)
    path = generator.permutation(400).astype(np.int32)
    together = bring_together(vectors, graph, tree, path, labels)
    assert sorted(together) == list(range(400))
    assert runs_of(together, labels) < runs_of(path, labels)
    assert length(vectors, together) <= length(vectors, path) * (1 + 1e-6)


def test_a_member_that_serves_as_a_bridge_is_left_where_it_costs_something_to_move_it() -> None:
    vectors = np.array([[0, 0], [0.2, 0], [0, 9], [0.2, 9.1], [0.1, 4]], np.float32)
    labels = np.array([0, 0, 1, 1, 0], np.int32)  # the last one, by its label, belongs to the first two
    path = np.array([0, 1, 4, 2, 3], np.int32)
    graph = nearest_neighbors(vectors, KnnSettings(k=4))
    assert bring_together(vectors, graph, NO_EDGES, path, labels).tolist() == path.tolist()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_small_paths(n: int) -> None:
    path = np.arange(n, dtype=np.int32)
    vectors = np.zeros((n, 2), np.float32)
    labels = np.zeros(n, np.int32)
    assert bring_together(vectors, NO_GRAPH, NO_EDGES, path, labels).tolist() == path.tolist()


def test_only_the_shorter_runs_of_a_group_are_stray() -> None:
    path = np.array([0, 2, 1, 3, 4, 5], np.int32)
    labels = np.array([7, 7, 1, 2, 3, 3], np.int32)
    runs = find_runs(path, labels)
    assert [path[runs.starts[run]] for run in runs.stray] == [1]
    assert runs.of_node.tolist() == [0, 2, 1, 3, 4, 4]
