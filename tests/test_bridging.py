"""Approximate joining: it always ends in one tree, hardly heavier than with exact links, always the same."""

from collections.abc import Callable

import numpy as np
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.ordering.tree.bridging import short_bridges
from scripts.lib.ordering.tree.cells import CELL_SIZE, centroids, cut_into_cells
from scripts.lib.ordering.tree.edges import NO_EDGES, edge_table
from scripts.lib.ordering.tree.forest import label_islands
from scripts.lib.ordering.tree.mst import TreeSettings, graph_forest, spanning_tree
from tests.trees import Vectors, clusters, is_tree, points, weight

LARGEST_EXCESS = 0.05  # of the bridges over the exact ones
NEARLY = TreeSettings(search_limit=0)


def one_large_island_and_many_small_ones() -> Vectors:
    cloud = points(2000, 8)
    small = cloud[:60].repeat(12, axis=0) + points(720, 8) * np.float32(0.01) + np.float32(2)
    return np.concatenate([cloud, small])


def triples() -> Vectors:
    return points(1000, 8).repeat(3, axis=0) + points(3000, 8) * np.float32(0.001)


def two_far_clusters() -> Vectors:
    return clusters(2, 1000, 6, 40.0)


def many_clusters() -> Vectors:
    return clusters(40, 60, 16, 3.0)


Kind = Callable[[], Vectors]
KINDS: list[tuple[Kind, int]] = [
    (one_large_island_and_many_small_ones, 8),
    (triples, 2),
    (two_far_clusters, 6),
    (many_clusters, 8),
]


def graph_of(vectors: Vectors, k: int) -> NeighborGraph:
    return nearest_neighbors(vectors, KnnSettings(k=k))


@pytest.mark.parametrize(("kind", "k"), KINDS)
def test_bridges_are_hardly_longer_than_the_shortest(kind: Kind, k: int) -> None:
    vectors = kind()
    graph = graph_of(vectors, k)
    tree = spanning_tree(vectors, graph, NEARLY)
    exact = spanning_tree(vectors, graph, TreeSettings(exact=True))
    within = weight(graph_forest(graph))
    assert tree.joined == "approximate"
    assert tree.islands > 1
    assert is_tree(tree.edges, len(vectors))
    assert weight(exact.edges) * (1 - 1e-6) <= weight(tree.edges)
    bridges, shortest = (weight(each.edges) - within for each in (tree, exact))
    assert bridges <= shortest * (1 + LARGEST_EXCESS) + 1e-3 * within


@pytest.mark.parametrize(("kind", "k"), KINDS)
def test_the_links_do_not_depend_on_threads(kind: Kind, k: int) -> None:
    vectors = kind().astype(np.float16)
    forest = graph_forest(graph_of(vectors, k))
    islands = label_islands(forest, len(vectors))
    alone, shared = (short_bridges(vectors, forest, islands, threads) for threads in (1, 3))
    assert alone.tobytes() == shared.tobytes()
    assert (islands[alone["source"]] != islands[alone["target"]]).all()


@pytest.mark.parametrize("n", [2, 3, 300])
def test_single_vectors_are_islands_too(n: int) -> None:
    nothing = NeighborGraph(np.empty((n, 0), np.int32), np.empty((n, 0), np.float32), 0, "")
    assert is_tree(spanning_tree(points(n), nothing, NEARLY).edges, n)


@pytest.mark.parametrize("sizes", [(1, 500), (300, 300), (1, 1, 1, 400), (2, 3, 700, 700)])
def test_piles_of_copies_are_joined(sizes: tuple[int, ...]) -> None:
    """Also where the nearest cells of a cell are all of its own island."""
    vectors = np.repeat(points(len(sizes)), sizes, axis=0)
    labels = np.arange(len(sizes)).repeat(sizes)
    chained = np.flatnonzero(labels[1:] == labels[:-1]).astype(np.int32)
    forest = edge_table(chained, chained + 1, np.zeros(len(chained), np.float32))
    islands = label_islands(forest, len(vectors))
    links = short_bridges(vectors, forest, islands)
    assert islands.tolist() == labels.tolist()
    assert len(links) > 0
    assert (links["distance"] > 0).all()


def test_cells_are_parts_of_islands_and_not_too_large() -> None:
    vectors = np.concatenate([points(CELL_SIZE * 3 + 5), points(7) + 100, points(1) + 200])
    forest = graph_forest(graph_of(vectors, 5))
    islands = label_islands(forest, len(vectors))
    cells = cut_into_cells(forest, islands)
    assert np.sort(cells.members).tolist() == list(range(len(vectors)))
    sizes = np.diff(cells.starts)
    assert sizes.max() <= CELL_SIZE
    assert sizes.min() >= 1
    assert (islands[cells.members] == cells.islands.repeat(sizes)).all()
    means = centroids(vectors, cells)
    first = vectors[cells.members[: cells.starts[1]]].mean(axis=0)
    assert means[0] == pytest.approx(first, abs=1e-4)
    assert means.dtype == vectors.dtype


def test_cells_of_single_vectors_are_the_vectors() -> None:
    vectors = points(200).astype(np.float16)
    cells = cut_into_cells(NO_EDGES, np.arange(200, dtype=np.int32))
    assert (centroids(vectors, cells) == vectors[cells.members]).all()
