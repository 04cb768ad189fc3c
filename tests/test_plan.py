import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output.check import check_copies
from tests.copying import Photos, statuses, tree, wanted


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has no hard links."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.parametrize("fixture", ["links", "no_links"])
@pytest.mark.parametrize("equal_names", [True, False])
def test_shifted_positions_rename_and_do_not_copy(
    photos: Photos, equal_names: bool, fixture: str, request: pytest.FixtureRequest
) -> None:
    names = [f"{i}/same.jpg" if equal_names else f"{i}.jpg" for i in range(8)]
    paths = [photos.make(name, name) for name in names]
    first, *rest = paths
    photos.copy(rest)
    if fixture == "no_links":
        request.getfixturevalue("no_links")
    summary = photos.copy([first, *reversed(rest)])
    assert statuses(summary)[0] == "copied"
    assert set(statuses(summary)[1:]) <= {"renamed", "kept"}
    assert list(dict(sorted(photos.copies().items())).values()) == [names[0], *names[:0:-1]]
    assert summary.removed == summary.set_aside == []
    assert check_copies(photos.output) == []
    assert not list((photos.output / ".seriatim/parked").iterdir())


def test_renaming_gives_each_copy_the_time_of_its_own_source(photos: Photos) -> None:
    one, other = photos.make("a/x.jpg", "same"), photos.make("b/x.jpg", "same")
    os.utime(other, ns=(5, 5))
    photos.copy([one, other])
    photos.copy([other, one, photos.make("y.jpg", "y")])
    times = [path.stat().st_mtime_ns for path in sorted(photos.output.glob("0*x.jpg"))]
    assert times == [one.stat().st_mtime_ns, 5] or times == [5, one.stat().st_mtime_ns]


def test_a_renamed_source_folder_changes_nothing_but_is_remembered(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths)
    moved = photos.sources.rename(photos.sources.with_name("moved"))
    paths = [moved / path.name for path in paths]
    assert statuses(photos.copy(paths)) == ["kept"] * 3
    assert photos.copy(paths[:2]).removed == [b"0002_2.jpg"]


def test_a_file_that_left_the_order_is_removed_while_its_source_exists(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths)
    summary = photos.copy(paths[:1])
    assert summary.removed == [b"0001_1.jpg", b"0002_2.jpg"]
    assert set(photos.copies()) == {"0000_0.jpg"}
    assert not (photos.output / ".removed").exists()


def _delete(path: Path, copy: Path) -> None:
    path.unlink()


def _change(path: Path, copy: Path) -> None:
    path.write_text("changed")


def _link_to_the_copy(path: Path, copy: Path) -> None:
    path.unlink()
    path.symlink_to(copy)


def _hard_link_to_the_copy(path: Path, copy: Path) -> None:
    path.unlink()
    path.hardlink_to(copy)


@pytest.mark.parametrize("lose", [_delete, _change, _link_to_the_copy, _hard_link_to_the_copy])
def test_the_last_copy_is_set_aside(photos: Photos, lose: Callable[[Path, Path], None]) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    lose(paths[1], photos.output / "0001_1.jpg")
    summary = photos.copy(paths[:1])
    assert summary.removed == []
    assert [(aside.name, aside.moved_to) for aside in summary.set_aside] == [
        (b"0001_1.jpg", b".removed/0001_1.jpg")
    ]
    assert photos.set_aside() == {"0001_1.jpg": "content 1"}


def test_another_source_with_the_content_permits_removal(photos: Photos) -> None:
    one, other = photos.make("a/x.jpg", "same"), photos.make("b/x.jpg", "same")
    photos.copy([one, other])
    one.unlink()
    summary = photos.copy([other])
    assert len(summary.removed) == 1
    assert photos.copies() == {"0000_x.jpg": "same"}


def test_nothing_set_aside_is_overwritten(photos: Photos) -> None:
    keep, path = photos.many(2)
    for content in ("first", "second", "third"):
        path.write_text(content)
        photos.copy([keep, path])
        path.unlink()
        photos.copy([keep])
    names = {"0001_1.jpg": "first", "0001_1.1.jpg": "second", "0001_1.2.jpg": "third"}
    assert photos.set_aside() == names


def test_foreign_files_at_wanted_names_stop_the_run_before_it_writes(photos: Photos) -> None:
    paths = photos.many(14)
    photos.output.mkdir()
    for path in paths[1:]:
        (photos.output / f"{int(path.stem):04}_{path.name}").write_text("foreign")
    before = tree(photos.output.parent)
    with pytest.raises(OutputError, match=r"13 names .*'0001_1\.jpg'.* and 3 more"):
        photos.copy(paths)
    assert tree(photos.output.parent) == before
    assert not (photos.output / ".seriatim").exists()


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_foreign_things_at_new_names_stop_a_later_run(photos: Photos, kind: str) -> None:
    paths = photos.many(3)
    photos.copy(paths[:2])
    taken = photos.output / "0002_2.jpg"
    {
        "file": lambda: taken.write_text("foreign"),
        "folder": taken.mkdir,
        "dangling link": lambda: taken.symlink_to("nowhere"),
    }[kind]()
    before = tree(photos.output)
    with pytest.raises(OutputError, match=r"0002_2\.jpg"):
        photos.copy([*paths[1:], paths[0], paths[2]][1:])
    assert tree(photos.output) == before


def test_other_foreign_files_are_left_alone_and_reported(photos: Photos) -> None:
    photos.output.mkdir()
    (photos.output / "0007_mine.jpg").write_text("mine")
    (photos.output / "folder").mkdir()
    (photos.output / "folder/0000_0.jpg").write_text("mine too")
    summary = photos.copy(photos.many(2))
    assert summary.foreign == [b"0007_mine.jpg", b"folder"]
    assert photos.copy([]).foreign == [b"0007_mine.jpg", b"folder"]
    assert (photos.output / "0007_mine.jpg").read_text() == "mine"
    assert (photos.output / "folder/0000_0.jpg").read_text() == "mine too"


def test_without_its_ledger_everything_is_foreign(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    shutil.rmtree(photos.output / ".seriatim")
    with pytest.raises(OutputError, match="not put there"):
        photos.copy(paths)


def test_positions_are_not_shared(photos: Photos) -> None:
    path = photos.make("a.jpg", "a")
    with pytest.raises(ValueError, match="positions"):
        photos.copy_wanted([wanted(0, path), wanted(0, path)])
