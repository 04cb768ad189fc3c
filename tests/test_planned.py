"""The table of the plan is read as it was made, and its digest names what is to be where."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.output.planned import plan_digest, plan_table, read_targets, wanted_files
from scripts.lib.output.preview import preview
from scripts.lib.output.staging import Seen
from scripts.lib.output.targets import Wanted, names_of, targets_of
from tests.copying import Photos, wanted


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def order_of(paths: list[bytes], file: Path) -> Path:
    count = len(paths)
    columns = {
        "position": pa.array(range(count), pa.int32()),
        "path_bytes": pa.array(paths, pa.binary()),
        "content_id": pa.array([bytes([i]) * 32 for i in range(count)], ID_TYPE),
        "size": pa.array([None, *range(1, count)], pa.int64()),
        "mtime_ns": pa.array(range(count), pa.int64()),
    }
    pq.write_table(pa.table(columns), file)
    return file


def test_a_plan_is_read_as_it_was_made(photos: Photos, tmp_path: Path) -> None:
    paths = [photos.make(name, "x") for name in (b"a.jpg", b"\xff\n.jpg", "ü\u202e.jpg".encode())]
    order = [wanted(i, path) for i, path in enumerate(paths)]
    order[1] = order[1]._replace(content_id=None, seen=None)
    order[2] = order[2]._replace(origin=b"/where/it/was.jpg")
    names = names_of(order, photos.naming)
    targets = targets_of(order, names)
    table = plan_table(targets, names, preview(photos.output, targets, "copy", False))
    pq.write_table(table, tmp_path / "plan.parquet")
    assert read_targets(tmp_path / "plan.parquet") == targets
    assert table["target"].to_pylist()[1:] == ["0001_\\xff\n.jpg", "0002_was.jpg"]


def test_paths_are_absolute_and_moved_files_are_where_they_are(tmp_path: Path) -> None:
    moved = {
        b"/out/0001_b.jpg": b"/photos/b.jpg",
        b"/out/0002_c.jpg": os.path.join(bytes(tmp_path), b"order"),
    }
    paths = [b"photos/a.jpg", b"/out/0001_b.jpg", b"/photos/b.jpg", bytes(tmp_path / "order")]
    found = wanted_files(order_of(paths, tmp_path / "order"), True, moved)
    assert [each.source for each in found] == [
        os.path.join(os.fsencode(os.getcwd()), b"photos/a.jpg"),
        b"/out/0001_b.jpg",
        b"/out/0001_b.jpg",  # nothing else is at its former place
        bytes(tmp_path / "order"),  # another file has taken the place
    ]
    assert [each.origin for each in found] == [None, b"/photos/b.jpg", b"/photos/b.jpg", None]
    assert found[1].seen == Seen(1, 1)


def test_ids_that_are_not_of_the_files_bytes_are_not_taken_for_them(tmp_path: Path) -> None:
    found = wanted_files(order_of([b"/a.jpg"], tmp_path / "order"), False, {})
    assert found == [Wanted(0, b"/a.jpg", None)]


def test_the_digest_names_files_names_and_mode(photos: Photos) -> None:
    paths = photos.many(3)

    def digest(order: list[Wanted], mode: str = "copy", **naming: object) -> str:
        rules = photos.naming.__class__(**naming)
        return plan_digest(targets_of(order, names_of(order, rules)), mode)

    order = [wanted(i, path) for i, path in enumerate(paths)]
    first = digest(order)
    assert digest(order) == first
    touched = [each._replace(seen=Seen(1, 1)) for each in order]
    moved = [each._replace(source=b"/out/x.jpg", origin=each.source) for each in order]
    assert digest(touched) == digest(moved) == first
    others = [
        digest(order[:2]),
        digest(order, "move"),
        digest(order, template="{stem}_{index}{ext}"),
        digest([order[0], order[1]._replace(content_id=bytes(32)), order[2]]),
        digest([wanted(i, path) for i, path in enumerate(paths[::-1])]),
    ]
    assert len({first, *others}) == len(others) + 1
