import errno
import os
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output import placement
from scripts.lib.output.output_lock import LOCK, locked
from scripts.lib.output.placement import OutputFolder
from tests.copying import Photos, statuses, tree


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has no hard links."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


def test_a_second_copier_is_refused(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    with OutputFolder(photos.output) as folder, locked(folder):
        with pytest.raises(OutputError, match="Another run"):
            photos.copy(paths)
        assert folder.lstat(LOCK) is not None
    photos.copy(paths)


@pytest.mark.parametrize("place", [".seriatim", ".removed", ".seriatim/tmp", ".seriatim/ledger.jsonl"])
def test_links_that_lead_out_of_the_output_are_refused(photos: Photos, place: str) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    elsewhere = photos.output.parent / "elsewhere"
    inner = photos.output / place
    inner.rename(elsewhere) if inner.exists() else elsewhere.mkdir()
    inner.symlink_to(elsewhere)
    before = tree(photos.output.parent)
    with pytest.raises(OutputError):
        photos.copy([paths[1]])
    assert tree(photos.output.parent) == before


def test_the_output_may_be_a_link_to_a_folder(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    photos.output.symlink_to(tmp_path / "disk")
    photos.copy(photos.many(1))
    assert (tmp_path / "disk/0000_0.jpg").read_text() == "content 0"


def test_a_link_to_nowhere_is_no_output(photos: Photos, tmp_path: Path) -> None:
    photos.output.symlink_to(tmp_path / "unmounted")
    with pytest.raises(OutputError, match="does not exist"):
        photos.copy(photos.many(1))
    assert not (tmp_path / "unmounted").exists()


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(3)
    flush = OutputFolder.flush

    def flush_and_intrude(folder: OutputFolder) -> None:
        (folder.path / "0001_1.jpg").write_text("intruder")
        flush(folder)

    monkeypatch.setattr(OutputFolder, "flush", flush_and_intrude)
    with pytest.raises(OutputError, match="appeared"):
        photos.copy(paths)
    assert photos.copies() == {
        "0000_0.jpg": "content 0",
        "0001_1.jpg": "intruder",
        "0002_2.jpg": "content 2",
    }


def test_a_copy_edited_just_before_its_removal_stays(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    flush = OutputFolder.flush

    def flush_and_edit(folder: OutputFolder) -> None:
        (folder.path / "0001_1.jpg").write_text("edited")
        flush(folder)

    with monkeypatch.context() as patch:
        patch.setattr(OutputFolder, "flush", flush_and_edit)
        assert photos.copy(paths[:1]).removed == []
    assert photos.copies()["0001_1.jpg"] == "edited"
    photos.copy(paths[:1])
    assert photos.set_aside() == {"0001_1.jpg": "edited"}


def test_a_name_that_the_file_system_refuses_is_a_row(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(3)
    link = os.link

    def picky(here: bytes, there: bytes, **options: object) -> None:
        if b"_1" in there:
            raise OSError(errno.EILSEQ, os.strerror(errno.EILSEQ))
        link(here, there, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(placement, "RENAMEAT2", None)
    monkeypatch.setattr(os, "link", picky)
    assert statuses(photos.copy(paths)) == ["copied", "failed", "copied"]
    assert not list((photos.output / ".seriatim/tmp").iterdir())


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_files_are_placed_and_set_aside_all_the_same(photos: Photos) -> None:
    paths = photos.many(4)
    assert statuses(photos.copy(paths)) == ["copied"] * 4
    paths[3].unlink()
    photos.copy(paths[:2])
    assert set(photos.copies()) == {"0000_0.jpg", "0001_1.jpg"}
    assert photos.set_aside() == {"0003_3.jpg": "content 3"}


def test_without_syncfs_every_file_is_flushed(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    fsync = os.fsync
    monkeypatch.setattr(placement, "SYNCFS", None)
    monkeypatch.setattr(os, "fsync", lambda fd: (flushed.append(os.fstat(fd).st_ino), fsync(fd)))
    photos.copy(photos.many(5))
    inodes = {path.stat().st_ino for path in photos.output.glob("0*")}
    assert inodes <= set(flushed)
