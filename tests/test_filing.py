"""Which folder a file goes to: by its group, its stretch of the order, its former folder, its duplicates."""

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.filing.former import former_folders
from scripts.lib.output.filing.groups import category_folders, cluster_folders, label_folders, read_labels
from scripts.lib.output.filing.stretches import stretch_ends, stretch_folders
from scripts.lib.output.naming.folder_names import Folder


def words(folders: list[Folder]) -> list[str]:
    return ["/".join(part.text.decode() for part in folder) for folder in folders]


def write(file: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), file)
    return file


def test_clusters_are_called_as_their_table_says(tmp_path: Path) -> None:
    clusters = write(tmp_path / "clusters", cluster=pa.array([1, -1, 0, 2], pa.int32()))
    table = write(tmp_path / "table", cluster=pa.array([0, 1], pa.int32()), name=["sea", "a/b"])
    items = np.array([3, 2, 1, 0, 0], np.int32)
    assert words(cluster_folders(items, clusters, table)) == ["cluster 2", "sea", "unclustered", "a/b", "a/b"]


def test_a_tree_of_categories_is_one_of_folders(tmp_path: Path) -> None:
    table = write(tmp_path / "categories", category=["unsure", "nature/beach", "/"])
    found = category_folders(np.array([1, 0, 2]), table)
    assert [len(folder) for folder in found] == [2, 1, 2]
    assert words(found)[:2] == ["nature/beach", "unsure"]


def test_the_first_symbols_of_a_label_are_folders(tmp_path: Path) -> None:
    labels = read_labels(write(tmp_path / "labels", label=["012", "1", "", "z9"]))
    items = np.arange(4)
    assert words(label_folders(items, labels, 1)) == ["0", "1", "0", "z"]
    assert words(label_folders(items, labels, 2)) == ["0/1", "1", "0", "z/9"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 250])
@pytest.mark.parametrize("size", [1, 2, 10, 100])
def test_stretches_have_about_their_size_and_are_cut_at_long_links(count: int, size: int) -> None:
    distances = np.random.default_rng(count).random(count).astype(np.float32)
    ends = stretch_ends(distances, size)
    slack = size // 4
    bounds = [0, *ends, count]
    lengths = [b - a for a, b in pairwise(bounds)]
    assert all(size - slack <= length <= size + slack for length in lengths[:-1])
    assert lengths[-1] <= size + slack
    for start, end in zip(bounds, ends, strict=False):
        near = range(start + size - slack, start + size + slack + 1)
        assert distances[end - 1] == max(distances[each - 1] for each in near)


def test_of_equal_links_the_one_at_the_size_is_cut() -> None:
    assert stretch_ends(np.ones(100), 20) == [20, 40, 60, 80]


def test_stretches_are_called_by_their_first_and_last(tmp_path: Path) -> None:
    assert words(stretch_folders(np.ones(5), 2)) == ["0000 to 0001"] * 2 + ["0002 to 0003"] * 2 + [
        "0004 to 0004"
    ]
    assert stretch_folders(np.ones(0), 2) == []


def test_former_folders_are_those_below_the_folder_of_images() -> None:
    paths = [b"/p/a/b/x.jpg", b"/p/x.jpg", b"/p/deep/er/c/x.jpg", b"/pp/x.jpg", b"/pp/q/../x.jpg"]
    found = words(former_folders(paths, [b"/p", b"/p/deep/er"]))
    assert found == ["a/b", "", "c", "", "q/.."]
    assert words(former_folders([b"/u/v/x", b"/u/w/x"], [])) == ["v", "w"]
    assert former_folders([], [b"/p"]) == []


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write(
        tmp_path / "duplicates",
        group=pa.array([0, 0, 12, 12, 12], pa.int32()),
        path_bytes=[b"a", b"b", b"\xff", b"d", b"e"],
        keep=[True, False, False, False, True],
    )


PATHS = [b"a", b"b", b"c", b"\xff", b"d", b"e"]


def test_duplicates_are_kept_left_out_or_put_aside(table: Path) -> None:
    kept = Duplicates.read("keep", None)
    assert (kept.taken(PATHS), kept.facts(PATHS)) == (list(range(6)), {})
    skipped = Duplicates.read("skip", table)
    assert (skipped.taken(PATHS), skipped.facts(PATHS)) == ([0, 2, 5], {"duplicates_skip": 3})
    assert not any(map(skipped.folder, PATHS))
    grouped = Duplicates.read("group", table)
    assert (grouped.taken(PATHS), grouped.facts(PATHS)) == (list(range(6)), {"duplicates_group": 3})
    folders = {path: grouped.folder(path) for path in PATHS}
    assert {path: words([folder])[0] for path, folder in folders.items() if folder} == {
        b"b": "duplicates/000",
        b"\xff": "duplicates/012",
        b"d": "duplicates/012",
    }


def test_where_there_are_no_duplicates_all_are_taken(tmp_path: Path) -> None:
    empty = pa.table({"group": pa.array([], pa.int32()), "path_bytes": pa.array([], pa.binary())})
    file = tmp_path / "none"
    pq.write_table(empty.append_column("keep", pa.array([], pa.bool_())), file)
    assert Duplicates.read("skip", file).taken(random.sample(PATHS, 6)) == list(range(6))
