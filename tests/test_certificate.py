"""Edges that are called proven belong to one Euclidean minimum spanning tree, whatever the graph lists."""

from collections.abc import Callable

import numpy as np
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.tree.certificate import certify
from scripts.lib.ordering.tree.edges import edge_table, in_order
from scripts.lib.ordering.tree.mst import SpanningTree, TreeSettings, graph_forest, span
from scripts.lib.ordering.tree.reach import reaches
from tests.trees import Vectors, all_distances, clusters, lightest_weight, points, weight_with

NOTHING_SEARCHED = 0.0  # limits of a search
ALL_SEARCHED = np.inf


def on_a_grid(n: int, seed: int) -> Vectors:
    """Many equal distances, and copies."""
    return np.random.default_rng(seed).integers(0, 5, (n, 2)).astype(np.float32)


def on_a_line(n: int, seed: int) -> Vectors:
    return points(n, 1, seed)


def in_clusters(n: int, seed: int) -> Vectors:
    return clusters(5, n // 5, 3, 4.0, seed)


def far_from_the_origin(n: int, seed: int) -> Vectors:
    return points(n, 3, seed) + np.float32(1000)


def round_cloud(n: int, seed: int) -> Vectors:
    return points(n, 5, seed).astype(np.float16)


Kind = Callable[[int, int], Vectors]
KINDS: list[Kind] = [on_a_grid, on_a_line, in_clusters, far_from_the_origin, round_cloud]


def joined(vectors: Vectors, k: int, limit: float) -> SpanningTree:
    """The graph's tree, its islands joined within the limit, and nothing else searched."""
    graph = nearest_neighbors(vectors, KnnSettings(k=k))
    assert graph.method == "exact"
    return span(vectors, graph_forest(graph), reaches(vectors, graph), limit, 1, lambda rows: None)


def is_sound(tree: SpanningTree, vectors: Vectors) -> bool:
    distances = all_distances(vectors)
    least = lightest_weight(distances)
    return weight_with(tree.edges[tree.proven], distances) <= least * (1 + 1e-6)


@pytest.mark.parametrize("limit", [NOTHING_SEARCHED, ALL_SEARCHED])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 2, 4])
def test_proven_edges_are_in_a_minimum_spanning_tree(kind: Kind, k: int, limit: float) -> None:
    for seed in range(10):
        vectors = kind(30, seed)
        assert is_sound(joined(vectors, k, limit), vectors)


def test_the_oracle_finds_a_false_proof() -> None:
    """A reach that promises too much proves edges that are in no minimum spanning tree."""
    vectors, ends = in_clusters(30, 1), np.arange(30, dtype=np.int32)
    chain = edge_table(ends[1:], ends[:-1], all_distances(vectors)[ends[1:], ends[:-1]].astype(np.float32))
    chain = chain[in_order(chain)]
    lie = certify(chain, np.zeros(29, bool), np.full(30, np.inf))
    assert lie.all()
    assert not is_sound(SpanningTree(chain, lie, 1, "none"), vectors)


def test_an_unproven_edge_joins_nothing() -> None:
    """Its ends go on with their own reaches, each smaller than the next edge."""
    tree = joined(np.array([[0], [1], [3], [7]], np.float32), 3, NOTHING_SEARCHED)
    assert tree.edges["distance"].tolist() == [1, 2, 4]
    proven = certify(tree.edges, np.zeros(3, bool), np.array([0.5, 0.5, 2.5, 0.5]))
    assert proven.tolist() == [False, True, False]


@pytest.mark.parametrize(("k", "share"), [(4, 0.6), (16, 0.95), (399, 1.0)])
def test_most_edges_are_proven(k: int, share: float) -> None:
    tree = joined(points(400), k, NOTHING_SEARCHED)
    assert tree.proven.mean() >= share


def test_islands_joined_by_exact_search_are_proven() -> None:
    tree = joined(clusters(6, 40, 8, 50.0), 16, ALL_SEARCHED)
    bridges = tree.edges["distance"] > 20
    assert tree.joined == "exact"
    assert bridges.sum() == 5
    assert tree.proven[bridges].all()


def test_of_an_approximate_graph_nothing_is_proven_but_copies() -> None:
    vectors = points(300).repeat(2, axis=0)
    graph = nearest_neighbors(vectors, KnnSettings(k=8, exact_limit=0))
    tree = span(vectors, graph_forest(graph), reaches(vectors, graph), NOTHING_SEARCHED, 1, lambda _: None)
    assert graph.method != "exact"
    assert tree.proven.tolist() == (tree.edges["distance"] == 0).tolist()


def test_a_tree_is_exact_when_all_edges_are_proven() -> None:
    tree = joined(points(50), 49, NOTHING_SEARCHED)
    assert tree.exact
    assert not tree._replace(proven=np.arange(49) > 0).exact
    assert TreeSettings().exact is False
