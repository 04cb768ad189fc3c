import errno
import os
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output.check import check_copies
from scripts.lib.output.execute import CopySummary
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.targets import Wanted
from tests.copying import Photos, statuses, tree, wanted


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def test_copies_have_bytes_time_and_permissions_of_their_sources(photos: Photos) -> None:
    paths = photos.many(7)
    paths[3].chmod(0o640)
    paths[4].chmod(0o4755)
    before = tree(photos.sources)
    summary = photos.copy(paths)
    assert statuses(summary) == ["copied"] * 7
    assert tree(photos.sources) == before
    for row, path in zip(summary.files, paths, strict=True):
        copy = photos.output / os.fsdecode(row.target)
        assert copy.name == f"{row.position:04}_{path.name}"
        assert copy.read_bytes() == path.read_bytes()
        assert copy.stat().st_mtime_ns == path.stat().st_mtime_ns
        assert stat.S_IMODE(copy.stat().st_mode) == path.stat().st_mode & 0o777
        assert copy.stat().st_nlink == 1
    assert not list((photos.output / ".seriatim/tmp").iterdir())
    assert check_copies(photos.output) == []


def test_an_empty_order_makes_no_copies(photos: Photos) -> None:
    assert photos.copy([]) == CopySummary([], [], [], [])
    assert photos.copies() == {}


def test_the_result_does_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    results = []
    for threads in (1, 4):
        (tmp_path / str(threads)).mkdir()
        photos = Photos(tmp_path / str(threads))
        summary = photos.copy(photos.many(20), threads=threads, batch_files=6)
        ledger = (photos.output / ".seriatim/ledger.jsonl").read_text()
        here = str(photos.sources)
        results.append((statuses(summary), photos.copies(), ledger.replace(here, "")))
    assert results[0] == results[1]


def test_awkward_and_equal_names(photos: Photos) -> None:
    names = [b"a/x.jpg", b"b/x.jpg", b"\xff\xfe.jpg", b"new\nline.jpg", b"'\"{}$.jpg", b"-rf.jpg"]
    names += ["žluť\u202e.jpg".encode(), b"n" * 251 + b".jpg"]
    paths = [photos.make(name, f"{i}") for i, name in enumerate(names)]
    summary = photos.copy(paths)
    assert statuses(summary) == ["copied"] * len(names)
    assert sorted(photos.copies().values()) == sorted(str(i) for i in range(len(names)))
    assert statuses(photos.copy(paths)) == ["kept"] * len(names)


def test_five_digits_for_positions_beyond_9999(photos: Photos) -> None:
    path = photos.make("a.jpg", "a")
    photos.naming = Naming(per_folder=0)
    photos.copy_wanted([wanted(10_000, path), wanted(0, path)])
    assert set(photos.copies()) == {"10000_a.jpg", "00000_a.jpg"}


def test_a_second_run_keeps_and_does_not_write(photos: Photos) -> None:
    paths = photos.many(5)
    photos.copy(paths)
    before = tree(photos.output)
    assert statuses(photos.copy(paths)) == ["kept"] * 5
    assert tree(photos.output) == before


def test_unknown_contents_are_copied_and_then_kept(photos: Photos) -> None:
    order = [Wanted(i, os.fsencode(path), None) for i, path in enumerate(photos.many(4))]
    assert statuses(photos.copy_wanted(order)) == ["copied"] * 4
    assert statuses(photos.copy_wanted(order)) == ["kept"] * 4
    photos.make("2.jpg", "another content")
    assert statuses(photos.copy_wanted(order)) == ["kept", "kept", "copied", "kept"]
    assert photos.copies()["0002_2.jpg"] == "another content"
    assert list(photos.set_aside().values()) == ["content 2"]


def test_another_collection_is_refused(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    before = tree(photos.output)
    with pytest.raises(OutputError, match="belongs to the collection 'photos'"):
        photos.copy_wanted([wanted(0, paths[1])], name="cats")
    assert tree(photos.output) == before


def test_too_little_space_is_known_before_copying(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(OutputError, match="GB free"):
        photos.copy(photos.many(3))
    assert photos.copies() == {}


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(9)
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if bytes(data) == b"content 5":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OutputError, match="No space left"):
            photos.copy(paths)
    assert not list((photos.output / ".seriatim/tmp").iterdir())
    assert statuses(photos.copy(paths)) == ["kept"] * 3 + ["copied"] * 6
