"""The inventory: a row for every file, lists that change only with their contents, and brakes."""

import io
import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from scripts.lib.errors import InputError
from scripts.lib.files.brakes import own_folders_inside
from scripts.lib.files.content_ids import partition_of
from scripts.lib.files.hashes import hash_cache
from scripts.lib.files.scan import (
    INVENTORY,
    Row,
    ScanSettings,
    inventory_table,
    partition_lists,
    scan,
)
from scripts.lib.files.status import OK, TOO_LARGE, UNDECODABLE
from scripts.lib.files.walk import Tree
from tests.conftest import picture, write_pictures
from tests.films import clip

SETTINGS = ScanSettings(pixel_limit=10**6, allow_shrink=False, threads=2, decode_seconds=60)


def run(folder: Path, tree: Tree, settings: ScanSettings = SETTINGS) -> list[Row]:
    with hash_cache(folder / "side.sqlite") as cache:
        return scan(tree, cache, settings, lambda total, unit: nullcontext(lambda count: None))


def tree_of(*roots: Path, own: tuple[Path, ...] = ()) -> Tree:
    return Tree([bytes(root) for root in roots], own=[bytes(folder) for folder in own])


def test_one_row_a_file_by_path_with_its_status(tmp_path: Path) -> None:
    images = tmp_path / "images"
    write_pictures(images, 3)
    (images / "bad.jpg").write_bytes(b"no image")
    picture(9, (1200, 1000)).save(images / "large.png")
    (images / "gone.jpg").symlink_to("nowhere")
    rows = run(tmp_path, tree_of(images))
    assert [row.path_bytes for row in rows] == sorted(row.path_bytes for row in rows)
    status = {os.path.basename(row.path): row.status for row in rows}
    assert status["image 0.jpg"] == OK
    assert status["bad.jpg"] == UNDECODABLE
    assert status["large.png"] == TOO_LARGE
    assert "dangling" in str(next(row.error for row in rows if row.path.endswith("gone.jpg")))
    assert inventory_table(rows).schema == INVENTORY


def test_a_file_is_of_the_kind_that_its_bytes_say_or_else_its_name(tmp_path: Path) -> None:
    images = tmp_path / "images"
    write_pictures(images, 1)
    (images / "image 0.jpg").rename(images / "image.mp4")
    (images / "film.jpg").write_bytes(clip(frames=5))
    (images / "text.mov").write_bytes(b"no film")
    (images / "text.jpg").write_bytes(b"no image")
    rows = {os.path.basename(row.path): row for row in run(tmp_path, tree_of(images))}
    kinds = {name: row.kind for name, row in rows.items()}
    assert kinds == {"image.mp4": "image", "film.jpg": "video", "text.mov": "video", "text.jpg": "image"}
    assert (rows["film.jpg"].format, rows["film.jpg"].width, rows["film.jpg"].height) == ("MP4", 64, 48)


def test_gigantic_declared_dimensions_are_refused_from_the_header(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 1)
    stream = io.BytesIO()
    picture(0, (60, 60)).save(stream, "BMP")
    data = bytearray(stream.getvalue())
    data[18:26] = (60_000).to_bytes(4, "little") * 2  # width and height of a BMP header
    (tmp_path / "images" / "bomb.bmp").write_bytes(data)
    rows = run(tmp_path, tree_of(tmp_path / "images"))
    assert rows[0].status == TOO_LARGE
    assert "60000 x 60000" in str(rows[0].error)


def test_lists_hold_each_usable_content_once_in_its_partition(tmp_path: Path) -> None:
    images = tmp_path / "images"
    paths = write_pictures(images, 12)
    (images / "again.jpg").write_bytes(paths[0].read_bytes())
    (images / "bad.jpg").write_bytes(b"no image")
    rows = run(tmp_path, tree_of(images))
    found = partition_lists(inventory_table(rows), 3)
    lists = [pq.read_table(io.BytesIO(data))["content_id"].to_pylist() for data in found]
    assert sum(map(len, lists)) == 12
    for partition, ids in enumerate(lists):
        assert ids == sorted(ids)
        assert all(partition_of(i, 3) == partition for i in ids)


def test_lists_do_not_know_names(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path / "images", 4)
    before = partition_lists(inventory_table(run(tmp_path, tree_of(tmp_path / "images"))), 2)
    paths[0].rename(paths[0].with_name("other.jpg"))
    os.utime(paths[1], ns=(0, 0))
    assert partition_lists(inventory_table(run(tmp_path, tree_of(tmp_path / "images"))), 2) == before


def test_a_missing_root_stops_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no folder .*nowhere.*images=FOLDER"):
        run(tmp_path, tree_of(tmp_path / "nowhere"))


def test_one_missing_root_of_two_needs_leave(tmp_path: Path) -> None:
    write_pictures(tmp_path / "images", 2)
    tree = tree_of(tmp_path / "images", tmp_path / "gone")
    with pytest.raises(InputError, match="allow_shrink"):
        run(tmp_path, tree)
    leave = replace(SETTINGS, allow_shrink=True)
    assert [row.status for row in run(tmp_path, tree, leave)].count(OK) == 2


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(InputError, match="No images found"):
        run(tmp_path, tree_of(tmp_path / "images"))


def test_half_may_go_but_not_more(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path / "images", 8)
    tree = tree_of(tmp_path / "images")
    run(tmp_path, tree)
    for path in paths[:4]:
        path.unlink()
    assert len(run(tmp_path, tree)) == 4
    for path in paths[4:7]:
        path.unlink()
    with pytest.raises(InputError, match=r"3 of 4 known files are gone.*allow_shrink"):
        run(tmp_path, tree)
    with pytest.raises(InputError, match="3 of 4"):  # it is no less wrong the second time
        run(tmp_path, tree)
    assert len(run(tmp_path, tree, replace(SETTINGS, allow_shrink=True))) == 1


def test_a_name_whose_roots_are_all_new_is_refused(tmp_path: Path) -> None:
    write_pictures(tmp_path / "first", 2)
    write_pictures(tmp_path / "second", 2, first=5)
    run(tmp_path, tree_of(tmp_path / "first"))
    with pytest.raises(InputError, match="name of its own"):
        run(tmp_path, tree_of(tmp_path / "second"))
    assert len(run(tmp_path, tree_of(tmp_path / "first", tmp_path / "second"))) == 4


def test_a_root_above_or_below_the_last_one_is_no_stranger(tmp_path: Path) -> None:
    write_pictures(tmp_path / "a" / "b", 3)
    run(tmp_path, tree_of(tmp_path / "a"))
    leave = replace(SETTINGS, allow_shrink=True)
    run(tmp_path, tree_of(tmp_path / "a" / "b"), leave)
    assert len(run(tmp_path, tree_of(tmp_path / "a" / "b"))) == 3


def test_an_output_inside_the_images_is_left_out_and_said(tmp_path: Path) -> None:
    images = tmp_path / "images"
    write_pictures(images, 2)
    write_pictures(images / "sorted", 2, first=5)
    tree = tree_of(images, own=(images / "sorted",))
    assert len(run(tmp_path, tree)) == 2
    assert own_folders_inside(tree) == [str(images / "sorted")]


@pytest.mark.parametrize("images", ["out", "out/below"])
def test_images_inside_the_output_are_refused(tmp_path: Path, images: str) -> None:
    write_pictures(tmp_path / images, 2)
    with pytest.raises(InputError, match="lies inside"):
        run(tmp_path, tree_of(tmp_path / images, own=(tmp_path / "out",)))
