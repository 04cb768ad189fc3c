"""The picture of the map: images at their places, points for the others, and files that are none."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from scripts.lib.files.first_files import FirstFiles
from scripts.lib.pictures.projection_map import (
    MARGIN,
    PAGE,
    caption,
    draw_map,
    draw_points,
    grid_for,
    plan_map,
)

COLOURS = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]


@pytest.fixture
def files(tmp_path: Path) -> list[bytes]:
    names = ["red 'one'.png", "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n\n.png", "\udcff blue.png"]
    paths = [tmp_path / name for name in names]
    for path, colour in zip(paths, COLOURS, strict=True):
        Image.new("RGB", (40, 20), colour).save(path)
    return [bytes(path) for path in paths]


def test_images_are_at_their_places(files: list[bytes]) -> None:
    places, done = np.array([[-1, 1], [1, 1], [0, -1]], np.float32), list[int]()
    plan = plan_map(places)
    page = draw_map(plan, files.__getitem__, "pca", 2, done.append)
    for spot, colour in zip(plan.grid.pixels(places).round().astype(int), COLOURS, strict=True):
        assert page.getpixel(tuple(int(MARGIN + each) for each in spot)) == colour
    assert sum(done) == 3


def test_equal_maps_are_equal_bytes(files: list[bytes]) -> None:
    plan = plan_map(np.array([[-1, 1], [1, 1], [0, -1]], np.float32))
    assert (
        draw_map(plan, files.__getitem__, "pca", 1).tobytes()
        == draw_map(plan, files.__getitem__, "pca", 2).tobytes()
    )


@pytest.mark.parametrize("n", [0, 1, 2])
def test_files_that_are_none_leave_their_places_empty(n: int) -> None:
    page = draw_map(plan_map(np.zeros((n, 2), np.float32)), [b"", b"missing.jpg"].__getitem__, "umap")
    upper = np.asarray(page)[: MARGIN + 300]
    assert (upper == PAGE).all()


def test_points_are_brighter_where_more_lie() -> None:
    places = np.zeros((10_000, 2), np.float32)
    places[0], places[1] = (1, 1), (-1, -1)
    grid = grid_for(places)
    points = np.asarray(draw_points(places, grid)).astype(int).sum(axis=2)
    columns, rows = grid.pixels(places[[0, 2]]).astype(int).T
    alone, crowd = points[rows, columns]
    assert sum(PAGE) < alone < crowd


def test_of_many_some_are_shown(files: list[bytes]) -> None:
    places = np.random.default_rng(0).uniform(-1, 1, (3000, 2)).astype(np.float32)
    plan = plan_map(places)
    page = draw_map(plan, lambda item: files[0], "tsne")
    assert 100 < len(plan.tiles.items) < 3000
    assert (np.asarray(page) == COLOURS[0]).all(axis=2).any()


def test_the_first_file_of_an_item_is_shown() -> None:
    order = pa.table({"item": [2, 0, 0, 2], "path_bytes": [b"c", b"a", b"a2", b"c2"]})
    assert [FirstFiles(order, 4).file(item) for item in range(4)] == [b"a", b"", b"c", b""]


def test_the_caption_counts() -> None:
    assert caption(1, 1) == "1 image"
    assert caption(30, 30) == "30 different images"
    assert caption(1_000_000, 900).startswith("900 of 1,000,000 different images")
