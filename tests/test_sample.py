"""What a method is given: all items with the neighbours that are known, or a sample with its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np

from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.projection.sample import ProjectionSettings, Sample, draw_sample

VECTORS = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
START = np.random.default_rng(1).normal(size=(50, 3))


def silent(total: int, unit: str) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda units: None)


def drawn(size: int, neighbors: int, graph: NeighborGraph, seed: int = 0) -> Sample:
    settings = ProjectionSettings(seed=seed)
    return draw_sample(VECTORS, graph, START, size, neighbors, settings, silent)


def test_of_all_items_the_known_neighbours_are_taken() -> None:
    graph = nearest_neighbors(VECTORS, KnnSettings(k=9))._replace(recall=0.5)
    sample = drawn(80, 7, graph)
    assert sample.graph.recall == 0.5
    assert np.array_equal(sample.graph.indices, graph.indices[:, :7])
    assert sample.vectors is VECTORS


def test_neighbours_that_are_not_known_are_searched() -> None:
    sample = drawn(50, 7, nearest_neighbors(VECTORS, KnnSettings(k=3)))
    expected = nearest_neighbors(VECTORS, KnnSettings(k=7))
    assert np.array_equal(sample.graph.indices, expected.indices)


def test_a_sample_has_neighbours_of_its_own() -> None:
    sample = drawn(20, 5, nearest_neighbors(VECTORS, KnnSettings(k=9)))
    assert (np.diff(sample.rows) > 0).all()
    assert np.array_equal(sample.vectors, VECTORS[sample.rows])
    assert np.array_equal(sample.start, START[sample.rows])
    assert sample.graph.indices.max() < 20
    again, other = (drawn(20, 0, sample.graph, seed).rows for seed in (0, 1))
    assert np.array_equal(again, sample.rows)
    assert not np.array_equal(other, sample.rows)


def test_scaled_vectors_have_a_centre_and_a_spread_of_one() -> None:
    graph = nearest_neighbors(VECTORS, KnnSettings(k=1))
    scaled = drawn(50, 1, graph)._replace(vectors=VECTORS * np.float32(2.0**40) + 7).scaled()
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.square(scaled).sum(axis=1).mean(), 1)
    assert not drawn(50, 1, graph)._replace(vectors=np.ones((50, 4), np.float16)).scaled().any()


def test_a_flat_start_has_some_extent() -> None:
    flat = drawn(50, 0, nearest_neighbors(VECTORS, KnnSettings(k=1)))._replace(start=np.zeros((50, 3)))
    start = flat.jittered_start(2, seed=0)
    assert start.shape == (50, 2)
    assert (np.ptp(start, axis=0) > 0).all()
    assert np.array_equal(start, flat.jittered_start(2, seed=0))
