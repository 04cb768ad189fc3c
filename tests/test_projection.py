"""Every method of projection: what is near stays near, equal seeds give equal bytes, few are no error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.projection import tsne_layout
from scripts.lib.projection.projection import METHODS, Maps, limits, project, projection_table, settled
from scripts.lib.projection.sample import ProjectionSettings
from scripts.lib.projection.umap_layout import Epochs, with_themselves
from tests.conftest import Workflow

ALL = ["pca", *METHODS]


@contextmanager
def counted(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show progress to no one, but see that all is counted."""
    done = 0

    def count(units: int) -> None:
        nonlocal done
        done += units

    yield count
    assert done == total, unit


@pytest.fixture(autouse=True)
def few_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make t-SNE as short as it may be on so few items."""
    monkeypatch.setattr(tsne_layout, "EXAGGERATED", 40)
    monkeypatch.setattr(tsne_layout, "ORDINARY", 60)


def maps_of(vectors: np.ndarray, method: str, neighbors: int = 8, **settings: int) -> Maps:
    graph = nearest_neighbors(vectors, KnnSettings(k=6))
    wanted = replace(ProjectionSettings(method, neighbors), **settings)
    return project(vectors, graph, wanted, counted)


def blobs(n: int = 60, d: int = 10, apart: float = 30.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return two far groups, by turns: vectors (n, d) float32, groups (n,)."""
    groups = np.arange(n) % 2
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    vectors[:, 0] += apart * groups
    return vectors.astype(np.float32), groups


def gaps(places: np.ndarray) -> np.ndarray:
    wide = places.astype(np.float64)
    return np.linalg.norm(wide[:, np.newaxis] - wide, axis=2)


def same_group_nearest(places: np.ndarray, groups: np.ndarray) -> float:
    ways = gaps(places) + np.diag(np.full(len(places), np.inf))
    return float((groups[ways.argmin(axis=1)] == groups).mean())


@pytest.mark.parametrize("method", ALL)
def test_far_groups_stay_apart(method: str) -> None:
    vectors, groups = blobs()
    maps = maps_of(vectors, method)
    for places, dimensions in ((maps.plane, 2), (maps.space, 3)):
        assert places.shape == (60, dimensions)
        assert places.dtype == np.float32
        assert np.isfinite(places).all()
        assert np.abs(places).max() == 1
        assert same_group_nearest(places, groups) > 0.95


@pytest.mark.parametrize("method", ALL)
def test_beyond_its_limit_a_method_gets_landmarks(method: str) -> None:
    vectors, groups = blobs(120)
    maps = maps_of(vectors, method, limit=60)
    assert maps.landmarks == ((120, 120) if method == "pca" else (60, 60))
    assert same_group_nearest(maps.plane, groups) > 0.95
    assert same_group_nearest(maps.space, groups) > 0.95


@pytest.mark.parametrize("method", ALL)
def test_equal_seeds_give_equal_bytes_however_many_threads(method: str) -> None:
    vectors, _ = blobs()
    first, again = (maps_of(vectors, method, threads=threads, limit=40) for threads in (1, 2))
    assert first.plane.tobytes() == again.plane.tobytes()
    assert first.space.tobytes() == again.space.tobytes()


@pytest.mark.parametrize("method", ["tsne", "umap", "mds"])
def test_another_seed_draws_other_landmarks(method: str) -> None:
    vectors, _ = blobs()
    first, other = (maps_of(vectors, method, seed=seed, limit=30) for seed in (0, 1))
    assert not np.array_equal(first.plane, other.plane)


@pytest.mark.parametrize("method", ["pca", "mds", "isomap"])
def test_distances_in_a_plane_are_kept(method: str) -> None:
    generator = np.random.default_rng(0)
    flat = generator.uniform(size=(40, 2)) @ np.linalg.qr(generator.normal(size=(6, 2)))[0].T
    vectors = flat.astype(np.float32)
    for places in maps_of(vectors, method, neighbors=39)[:2]:
        ratio = gaps(places)[np.triu_indices(40, 1)] / gaps(vectors)[np.triu_indices(40, 1)]
        assert np.ptp(ratio) < 0.02 * ratio.mean()


@pytest.mark.parametrize("method", ["isomap", "umap", "tsne", "lle"])
def test_a_bent_line_keeps_its_order(method: str) -> None:
    turn = np.linspace(0, 1.5 * np.pi, 60)
    vectors = np.column_stack([np.cos(turn), np.sin(turn)]).astype(np.float32)
    plane = maps_of(vectors, method, neighbors=4).plane
    ways = gaps(plane) + np.diag(np.full(60, np.inf))
    assert np.median(np.abs(ways.argmin(axis=1) - np.arange(60))) <= 1


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 9, 12])
def test_few_items_are_laid_out(method: str, n: int) -> None:
    maps = maps_of(blobs(n, 5)[0], method, neighbors=15)
    assert maps.plane.shape == (n, 2)
    assert maps.space.shape == (n, 3)
    assert np.isfinite(maps.plane).all()
    assert np.isfinite(maps.space).all()
    assert len(np.unique(maps.plane, axis=0)) == n


@pytest.mark.parametrize("method", ALL)
def test_identical_vectors_lie_in_the_middle(method: str) -> None:
    maps = maps_of(np.ones((30, 4), np.float16), method)
    assert not maps.plane.any()
    assert not maps.space.any()


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("scale", [1e-6, 2.0**45])
def test_many_equal_vectors_few_columns_and_any_scale_are_no_error(method: str, scale: float) -> None:
    vectors = np.repeat(blobs(12, 2)[0], 5, axis=0) * np.float32(scale)
    maps = maps_of(vectors, method, neighbors=4)
    assert np.isfinite(maps.plane).all()
    assert np.isfinite(maps.space).all()
    assert np.abs(maps.plane).max() == 1


def test_every_method_has_limits_of_its_own_and_the_users() -> None:
    assert limits(ProjectionSettings("tsne"))[1] < limits(ProjectionSettings("tsne"))[0]
    assert limits(ProjectionSettings("tsne", limit=500)) == (500, 500)
    assert min(limits(ProjectionSettings("mds", limit=3))) > 3  # fewer would be no neighbourhood


def test_a_layout_fills_its_range_around_the_middle_and_has_a_sign() -> None:
    layout = np.random.default_rng(0).normal(5, 3, (40, 2)) * (1, 2)
    places = settled(layout)
    np.testing.assert_allclose(places.min(axis=0), -places.max(axis=0), atol=1e-6)
    ratio = gaps(places)[np.triu_indices(40, 1)] / gaps(layout)[np.triu_indices(40, 1)]
    assert np.ptp(ratio) < 1e-5
    assert places[:, 0].std() > places[:, 1].std()
    assert np.array_equal(settled(-layout), places)
    assert np.array_equal(settled(layout[:, ::-1]), places)


def test_the_table_has_both_maps() -> None:
    maps = maps_of(blobs()[0], "pca")
    table = projection_table(maps)
    assert table.column_names == ["x", "y", "z", "u", "v"]
    assert np.array_equal(table["z"].to_numpy(), maps.space[:, 2])
    assert np.array_equal(table["v"].to_numpy(), maps.plane[:, 1])
    assert {str(field.type) for field in table.schema} == {"float"}


def test_items_stand_before_their_neighbours() -> None:
    indices, distances = with_themselves(np.array([[1], [0]], np.int32), np.ones((2, 1), np.float32))
    assert indices.tolist() == [[0, 1], [1, 0]]
    assert distances.tolist() == [[0, 1], [0, 1]]


def test_epochs_are_read_from_what_is_written() -> None:
    done: list[int] = []
    terminal = Epochs(done.append)
    for text in ("\r0", "\r3  ", "\n", "noise", "\r10"):
        terminal.write(text)
    assert done == [0, 3, 7]


def test_the_workflow_makes_maps_on_demand_and_again_only_when_it_must(collection: Workflow) -> None:
    table, picture = (collection.model / f"projection.{kind}" for kind in ("parquet", "png"))
    assert not table.exists()  # a plain sort makes none
    assert collection.jobs("project", projection="mds").keys() >= {"projection", "projection_map"}
    first = pq.read_table(table)
    assert len(first) == len(np.load(collection.model / "vectors.npy"))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert collection.jobs("project", projection="mds") == {}
    again = collection.jobs("project", projection="pca")
    assert {"projection", "projection_map"} == {name for name in again if name != "project"}
    assert not pq.read_table(table).equals(first)
    name = collection.images / "image 3.jpg"
    name.rename(name.with_name("renamed.jpg"))
    after = collection.jobs("project", projection="pca")
    assert "projection_map" in after
    assert "projection" not in after
