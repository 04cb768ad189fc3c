"""Contact sheets of clusters: the most typical image first, the others along the path."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from scripts.lib.clustering.cluster_table import cluster_table
from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.pictures.clusters import cluster_sheets as sheets_module
from scripts.lib.pictures.clusters.cluster_sheets import draw_sheets, images_of_clusters, sheet_name
from scripts.lib.pictures.clusters.curve import draw_clusters
from tests.conftest import picture


@pytest.fixture
def order(tmp_path: Path) -> pa.Table:
    """Return an order of nine images in three clusters; one is unreadable, one has a name of odd bytes."""
    paths = [os.fsencode(tmp_path / f"{place}.png") for place in range(8)] + [
        os.fsencode(tmp_path) + b"/\xff<b>.png"
    ]
    for seed, path in enumerate(paths):
        picture(seed).save(os.fsdecode(path), "PNG")
    Path(os.fsdecode(paths[4])).write_bytes(b"no image")
    return pa.table(
        {
            "path": [path.decode(errors="replace") for path in paths],
            "path_bytes": pa.array(paths, pa.binary()),
            "content_id": pa.array([bytes([place + 1]) * 32 for place in range(9)], ID_TYPE),
            "item": pa.array(range(9), pa.int32()),
        }
    )


def size_of(file: Path) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


NUMBERS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2], np.int32)
DISTANCES = np.array([3, 1, 1, 2, 2, 2, 1, 3, 3], np.float32)


def table_of(order: pa.Table, numbers: np.ndarray) -> pa.Table:
    return cluster_table(order, numbers, DISTANCES[: len(numbers)], 4.0, {1: "a <b> $x^2$"}, {})


def test_the_medoid_is_first_and_the_others_follow_the_path(order: pa.Table) -> None:
    shown = images_of_clusters(order, NUMBERS, table_of(order, NUMBERS))
    assert [[each.name for each in cluster.files] for cluster in shown[:2]] == [
        ["6.png", "0.png", "3.png"],
        ["1.png", "4.png", "7.png"],
    ]


def test_large_clusters_show_some_images_from_end_to_end(
    order: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets_module, "LEAST_TILES", 2)
    monkeypatch.setattr(sheets_module, "ALL_TILES", 6)
    numbers = np.zeros(9, np.int32)
    (shown,) = images_of_clusters(order, numbers, table_of(order, numbers))
    assert len(shown.files) == 6
    assert {"0.png", os.fsdecode(b"\xff<b>.png")} < {each.name for each in shown.files}


def test_a_sheet_for_each_cluster_and_a_page_of_all(order: pa.Table, tmp_path: Path) -> None:
    folder, page = tmp_path / "sheets", tmp_path / "clusters.jpg"
    folder.mkdir()
    counted: list[int] = []
    draw_sheets(images_of_clusters(order, NUMBERS, table_of(order, NUMBERS)), folder, page, 2, counted.append)
    assert sorted(each.name for each in folder.iterdir()) == ["0.jpg", "1.jpg", "2.jpg"]
    assert size_of(page)[1] > max(size_of(each)[1] for each in folder.iterdir())
    assert sum(counted) == 3


def test_a_sheet_of_one_image_is_as_wide_as_its_title(order: pa.Table, tmp_path: Path) -> None:
    numbers = np.array([0] + [1] * 8, np.int32)
    draw_sheets(images_of_clusters(order, numbers, table_of(order, numbers)), tmp_path, tmp_path / "p", 1, id)
    with Image.open(tmp_path / "0.jpg") as sheet:
        title = np.asarray(sheet.convert("L"))[:30]
    inked = np.flatnonzero((title > 120).any(axis=0))
    assert sheet.width > 220
    assert inked[-1] < sheet.width - 4


def test_of_no_clusters_there_is_a_page_that_says_so(order: pa.Table, tmp_path: Path) -> None:
    draw_sheets([], tmp_path, tmp_path / "page.jpg", 1, lambda n: None)
    assert size_of(tmp_path / "page.jpg")[0] > 0


def test_sheets_sort_by_number() -> None:
    assert [sheet_name(n, 120) for n in (0, 7, 119)] == ["000.jpg", "007.jpg", "119.jpg"]


@pytest.mark.parametrize(
    "estimate",
    [
        None,
        {
            "number": 3,
            "votes": {"elbow": 3},
            "tried": [2, 3, 4],
            "curves": {"elbow": [0, 1, 0], "silhouette": [1, 0, 0]},
        },
    ],
)
@pytest.mark.parametrize("sizes", [[], [5], [5, 1, 3]])
def test_the_picture_of_their_number_is_drawn_whatever_there_is(
    sizes: list[int], estimate: dict | None, tmp_path: Path
) -> None:
    facts = {"method": "kmeans", "scaling": "none", "clusters": len(sizes), "unclustered": 2, "sizes": sizes}
    draw_clusters(facts | {"estimate": estimate}, tmp_path / "clusters.png")
    assert size_of(tmp_path / "clusters.png")[0] == 1600
