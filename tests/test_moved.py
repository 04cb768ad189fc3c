"""After a move the place of a file in the output is its source, for the scan as for everything else."""

import os
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.files.found import Found, Passed
from scripts.lib.files.walk import Tree, fingerprint, folders_fingerprint, walk
from scripts.lib.output import moved as module
from scripts.lib.output.moved import moved_files
from tests.copying import Photos


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def tree_of(photos: Photos, *exclude: str) -> Tree:
    return Tree([bytes(photos.sources)], exclude, [bytes(photos.output)], moved_files(photos.output))


def test_each_place_and_the_one_that_it_had(photos: Photos) -> None:
    photos.fan_out(2)
    paths = photos.many(3)
    photos.copy(paths, mode="move")
    places = ["0000-0001/0000_0.jpg", "0000-0001/0001_1.jpg", "0002-0003/0002_2.jpg"]
    assert moved_files(photos.output) == {
        bytes(photos.output / place): bytes(path) for place, path in zip(places, paths, strict=True)
    }


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
def test_where_nothing_was_moved_the_ledger_is_not_even_read(
    photos: Photos, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos.copy(photos.many(2), mode=mode)
    monkeypatch.setattr(module, "read_ledger", lambda folder: pytest.fail("read"))
    assert moved_files(photos.output) == {}
    assert moved_files(photos.output / "nowhere") == {}


def test_a_damaged_ledger_is_told(photos: Photos) -> None:
    photos.copy(photos.many(2), mode="move")
    ledger = photos.output / ".seriatim/ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'{"intent":0', b'{"intent":0,,', 1))
    with pytest.raises(OutputError, match="damaged"):
        moved_files(photos.output)


def test_the_scan_finds_them_and_nothing_else_of_the_output(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths[:2], mode="move")
    (photos.output / "foreign.jpg").write_text("foreign")
    found = [each for each in walk(tree_of(photos)) if isinstance(each, Found)]
    assert {each.path for each in found} == {
        bytes(paths[2]),
        bytes(photos.output / "0000_0.jpg"),
        bytes(photos.output / "0001_1.jpg"),
    }
    assert {each.root for each in found} == {bytes(photos.sources)}


def test_they_are_left_out_by_the_name_that_they_had(photos: Photos) -> None:
    paths = [photos.make("private/a.jpg", "a"), photos.make("b.jpg", "b")]
    photos.copy(paths, mode="move")
    for pattern in ("a.*", "private/*"):
        found = [os.path.basename(each.path) for each in walk(tree_of(photos, pattern))]
        assert found == [b"0001_b.jpg"]


def test_one_that_is_gone_is_named(photos: Photos) -> None:
    photos.copy(photos.many(2), mode="move")
    (photos.output / "0001_1.jpg").unlink()
    (gone,) = (each for each in walk(tree_of(photos)) if isinstance(each, Passed))
    assert "moved into the output" in gone.reason


@pytest.mark.parametrize("take", [fingerprint, folders_fingerprint])
def test_fingerprints_change_with_them(photos: Photos, take: object) -> None:
    photos.copy(photos.many(3), mode="move")
    before = take(tree_of(photos))
    assert take(tree_of(photos)) == before
    photos.copy_moved([2, 0, 1])
    assert take(tree_of(photos)) != before
