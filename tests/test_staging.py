import os
from pathlib import Path

import pytest

from scripts.lib.output import staging
from scripts.lib.output.targets import Wanted
from tests.copying import Photos, statuses, wanted


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def test_bad_sources_are_rows_and_leave_nothing_behind(photos: Photos) -> None:
    paths = photos.many(7)
    order = [wanted(i, path) for i, path in enumerate(paths)]
    paths[1].unlink()
    paths[2].write_text("changed!!")
    paths[3].unlink()
    paths[3].mkdir()
    paths[4].unlink()
    os.mkfifo(paths[4])
    order[5] = order[5]._replace(source=b"/nul\0byte.jpg")
    summary = photos.copy_wanted(order)
    assert statuses(summary) == ["copied", *["failed"] * 5, "copied"]
    errors = [row.error or "" for row in summary.files]
    assert "No such file" in errors[1]
    assert "changed since the scan" in errors[2]
    assert "no longer a file" in errors[3]
    assert "no longer a file" in errors[4]
    assert "null character" in errors[5]
    assert set(photos.copies()) == {"0000_0.jpg", "0006_6.jpg"}
    assert not list((photos.output / ".seriatim/tmp").iterdir())


def test_a_source_that_changes_while_it_is_read_fails(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = photos.make("a.jpg", "a" * 50)
    read = os.read

    def read_and_append(fd: int, length: int) -> bytes:
        with path.open("a") as stream:
            stream.write("b")
        return read(fd, length)

    order = [Wanted(0, os.fsencode(path), None)]
    monkeypatch.setattr(os, "read", read_and_append)
    summary = photos.copy_wanted(order)
    assert statuses(summary) == ["failed"]
    assert "changed while" in (summary.files[0].error or "")
    assert photos.copies() == {}


def test_a_copy_that_reads_back_differently_fails(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    path = photos.make("a.jpg", "abc")
    order = [wanted(0, path)]
    ledger_and_copies = os.write

    def flip(fd: int, data: bytes) -> int:
        return ledger_and_copies(fd, b"abd" if bytes(data) == b"abc" else data)

    monkeypatch.setattr(os, "write", flip)
    summary = photos.copy_wanted(order)
    assert "read back differs" in (summary.files[0].error or "")
    assert photos.copies() == {}


def test_copies_in_the_output_are_no_sources(photos: Photos) -> None:
    photos.copy(photos.many(2))
    order = [wanted(0, photos.output / "0001_1.jpg"), wanted(1, photos.output / "0000_0.jpg")]
    summary = photos.copy_wanted(order)
    assert set(statuses(summary)) <= {"failed", "renamed"}
    assert {"content 0", "content 1"} <= {path.read_text() for path in photos.sources.iterdir()}


def test_blocks_are_shared_where_the_file_system_can(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    paths = photos.many(2)
    written: list[int] = []

    def clone(copy: int, request: int, source: int) -> int:
        assert request == 0x40049409
        os.sendfile(copy, source, 0, os.fstat(source).st_size)
        return 0

    real = os.write
    monkeypatch.setattr(staging, "CLONED", 0)
    monkeypatch.setattr(fcntl, "ioctl", clone)
    monkeypatch.setattr(os, "write", lambda fd, data: written.append(fd) or real(fd, data))
    assert statuses(photos.copy(paths)) == ["copied"] * 2
    assert photos.copies() == {"0000_0.jpg": "content 0", "0001_1.jpg": "content 1"}
    assert len(set(written)) == 1, "nothing but the ledger is written to"


def test_a_clone_of_a_file_that_changed_is_no_copy(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    path = photos.make("a.jpg", "as it was")
    order = [wanted(0, path)]
    path.write_text("as it is now")
    monkeypatch.setattr(staging, "CLONED", 0)
    monkeypatch.setattr(
        fcntl, "ioctl", lambda copy, request, source: os.sendfile(copy, source, 0, os.fstat(source).st_size)
    )
    summary = photos.copy_wanted(order)
    assert "changed since the scan" in (summary.files[0].error or "")
    assert photos.copies() == {}
