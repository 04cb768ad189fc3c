"""Neighbours against brute force: all of them, their distances, their order."""

import io
from dataclasses import replace

import faiss
import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.distance import cdist

from scripts.lib.errors import InputError
from scripts.lib.ordering.graph.indexes import IndexSettings, packed, streamed
from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.vectors import LARGEST

INVERTED_FILE = KnnSettings(k=10, exact_limit=0, sample=200, index=IndexSettings(pca_dimension=16))
SMALL_WORLD = replace(INVERTED_FILE, index=IndexSettings(pca_dimension=16, small_world_from=0))
ROUNDED = replace(INVERTED_FILE, index=IndexSettings(pca_dimension=16, memory=0))
BOTH = replace(INVERTED_FILE, index=IndexSettings(pca_dimension=16, small_world_from=0, memory=0))


def clusters(n: int, d: int, seed: int = 0) -> npt.NDArray[np.float16]:
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(max(1, n // 50), d)) * 3
    points = centres[generator.integers(0, len(centres), n)] + generator.normal(size=(n, d))
    return points.astype(np.float16)


def all_distances(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    wide = vectors.astype(np.float64)
    distances = cdist(wide, wide)
    np.fill_diagonal(distances, np.inf)
    return distances


def assert_graph_is_sound(graph: NeighborGraph) -> None:
    n, k = graph.indices.shape
    assert graph.indices.dtype == np.int32
    assert graph.distances.dtype == np.float32
    assert (graph.indices != np.arange(n)[:, np.newaxis]).all()
    assert all(len(set(row)) == k for row in graph.indices.tolist())
    for indices, distances in zip(graph.indices, graph.distances, strict=True):
        assert (np.lexsort((indices, distances)) == np.arange(k)).all()


@pytest.mark.parametrize(("n", "d"), [(1500, 24), (700, 1), (40, 8192)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_exact_search_equals_brute_force(n: int, d: int, dtype: type) -> None:
    vectors = clusters(n, d).astype(dtype)
    graph = nearest_neighbors(vectors, KnnSettings(k=10))
    expected = np.sort(all_distances(vectors), axis=1)[:, :10]
    assert_graph_is_sound(graph)
    np.testing.assert_allclose(graph.distances, expected, rtol=1e-5)
    assert (graph.recall, graph.method) == (1.0, "exact")


def test_distances_of_close_vectors_far_from_the_origin_are_right() -> None:
    vectors = (1000 + np.random.default_rng(0).normal(size=(200, 30)) * 1e-3).astype(np.float32)
    graph = nearest_neighbors(vectors, KnnSettings(k=199))
    np.testing.assert_allclose(graph.distances, np.sort(all_distances(vectors), axis=1)[:, :199], rtol=1e-5)


@pytest.mark.parametrize("settings", [INVERTED_FILE, SMALL_WORLD, ROUNDED, BOTH])
@pytest.mark.parametrize("vectors", [clusters(3000, 12), clusters(3000, 40)], ids=["d=12", "d=40"])
def test_an_index_finds_most_and_measures_it(vectors: npt.NDArray[np.float16], settings: KnnSettings) -> None:
    graph = nearest_neighbors(vectors, settings)
    reach = np.sort(all_distances(vectors), axis=1)[:, 9:10] * (1 + 1e-6)
    assert_graph_is_sound(graph)
    assert graph.recall >= settings.target_recall
    assert (graph.distances <= reach).mean() == pytest.approx(graph.recall, abs=0.03)
    assert ("small world" if settings.index.small_world_from == 0 else "inverted file") in graph.method


@pytest.mark.parametrize("settings", [KnnSettings(), INVERTED_FILE, SMALL_WORLD])
def test_bytes_do_not_depend_on_threads(settings: KnnSettings) -> None:
    vectors = clusters(4000, 40)
    one, two = (nearest_neighbors(vectors, settings, threads) for threads in (1, 2))
    assert one.indices.tobytes() == two.indices.tobytes()
    assert one.distances.tobytes() == two.distances.tobytes()
    assert one.recall == two.recall


@pytest.mark.parametrize("n", [0, 1, 2, 3, 9])
def test_k_is_at_most_n_minus_one(n: int) -> None:
    graph = nearest_neighbors(clusters(n, 5), KnnSettings(k=20))
    assert graph.indices.shape == graph.distances.shape == (n, max(n - 1, 0))
    assert_graph_is_sound(graph)


@pytest.mark.parametrize("settings", [KnnSettings(), INVERTED_FILE, SMALL_WORLD])
def test_identical_vectors_are_neighbours_of_each_other(settings: KnnSettings) -> None:
    graph = nearest_neighbors(np.ones((600, 20), np.float16), settings)
    assert_graph_is_sound(graph)
    assert not graph.distances.any()


def test_memory_map_is_read_in_place(tmp_path: object) -> None:
    vectors = clusters(300, 8)
    np.save(f"{tmp_path}/vectors.npy", vectors)
    mapped = nearest_neighbors(np.load(f"{tmp_path}/vectors.npy", mmap_mode="r"))
    assert mapped.indices.tobytes() == nearest_neighbors(vectors).indices.tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e19, -3e38])
def test_vectors_that_are_not_finite_or_too_large_are_refused_by_row(value: float) -> None:
    vectors = clusters(100, 4).astype(np.float32)
    vectors[[7, 31], 2] = value
    with pytest.raises(InputError, match=r"7, 31"):
        nearest_neighbors(vectors)


def test_the_largest_values_that_are_taken_have_finite_distances() -> None:
    vectors = points_apart(LARGEST * 0.99, 50, 64)
    graph = nearest_neighbors(vectors, KnnSettings(k=5))
    np.testing.assert_allclose(graph.distances, np.sort(all_distances(vectors), axis=1)[:, :5], rtol=1e-5)


def points_apart(largest: float, n: int, d: int) -> npt.NDArray[np.float32]:
    return (np.random.default_rng(0).uniform(-largest, largest, (n, d))).astype(np.float32)


def test_a_recall_of_one_asks_for_exact_search() -> None:
    graph = nearest_neighbors(clusters(2000, 12), KnnSettings(k=10, exact_limit=0, target_recall=1.0))
    assert graph.method == "exact"


@pytest.mark.parametrize("d", [1, 3, 1100])
def test_indexes_of_few_and_of_many_columns_find_most(d: int) -> None:
    vectors = clusters(1500, d)
    graph = nearest_neighbors(vectors, KnnSettings(k=10, exact_limit=0))
    assert graph.method != "exact"
    assert graph.recall >= 0.95
    assert_graph_is_sound(graph)


def test_progress_counts_rows() -> None:
    done: list[int] = []
    nearest_neighbors(clusters(3000, 4), progress=done.append)
    assert sum(done) == 3000


@pytest.mark.parametrize("settings", [INVERTED_FILE, SMALL_WORLD, BOTH])
def test_an_index_that_was_packed_names_the_same_candidates(settings: KnnSettings) -> None:
    vectors, saved = clusters(2000, 24), []
    nearest_neighbors(vectors, settings, save=lambda proposer: saved.append(proposer))
    (proposer,) = saved
    again = replace(proposer, index=streamed(io.BytesIO(packed(proposer.index).tobytes()).read))
    queries = vectors[:50].astype(np.float32)
    assert again.propose(queries).tolist() == proposer.propose(queries).tolist()


def test_an_exact_search_has_no_index_to_save() -> None:
    nearest_neighbors(clusters(50, 3), save=lambda proposer: pytest.fail("it was called"))


def test_products_of_matrices_and_single_comparisons_propose_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors = np.random.default_rng(0).normal(size=(3000, 200)).astype(np.float16)
    by_products = nearest_neighbors(vectors, KnnSettings(k=8))
    monkeypatch.setattr(faiss.cvar, "distance_compute_blas_threshold", 10**9)
    one_by_one = nearest_neighbors(vectors, KnnSettings(k=8))
    assert by_products.indices.tobytes() == one_by_one.indices.tobytes()
    assert by_products.distances.tobytes() == one_by_one.distances.tobytes()
