"""What can't be linked or moved is told before the first file, or copied where that is allowed."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from tests.copying import Photos, statuses, tree

NOBODY = 65534


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def refuse(code: int) -> object:
    def call(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """Return a folder on another file system than the tests' own."""
    folder = Path("/dev/shm") / f"seriatim-test-{os.getpid()}"
    if not folder.parent.is_dir() or os.stat(folder.parent).st_dev == os.stat("/tmp").st_dev:
        pytest.skip("there is one file system only")
    folder.mkdir()
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


def test_hard_links_are_names_of_the_originals(photos: Photos) -> None:
    paths = photos.many(4)
    assert statuses(photos.copy(paths, mode="hardlink")) == ["linked"] * 4
    for i, path in enumerate(paths):
        assert os.path.samefile(path, photos.output / f"{i:04}_{i}.jpg")
    assert statuses(photos.copy(paths, mode="hardlink")) == ["kept"] * 4
    assert statuses(photos.copy(paths[::-1], mode="hardlink")) == ["renamed"] * 4
    assert os.path.samefile(paths[0], photos.output / "0003_0.jpg")


def test_an_original_that_is_edited_in_place_is_edited_under_all_its_names(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths, mode="hardlink")
    paths[1].write_text("edited")
    summary = photos.copy(paths, mode="hardlink")
    assert statuses(summary) == ["kept", "kept"]
    assert summary.set_aside == []
    assert photos.copies()["0001_1.jpg"] == "edited"


def test_symbolic_links_are_relative_and_move_with_the_tree(photos: Photos) -> None:
    paths = [photos.make(name, name) for name in ("a/x.jpg", "b/x.jpg", "y.jpg")]
    photos.fan_out(2)
    assert statuses(photos.copy(paths, mode="symlink")) == ["linked"] * 3
    copies = photos.copies()
    assert set(copies) == {"0000-0001/0000_x.jpg", "0000-0001/0001_x.jpg", "0002-0003/0002_y.jpg"}
    moved = photos.output.parent.rename(photos.output.parent.with_name("moved"))
    photos.output = moved / "output"
    assert photos.copies() == copies


def test_a_link_through_a_linked_folder_leads_to_the_original(photos: Photos, tmp_path: Path) -> None:
    path = photos.make("deep/er/a.jpg", "a")
    alias = tmp_path / "alias"
    alias.symlink_to(photos.sources / "deep")
    photos.copy([alias / "er" / "a.jpg"], mode="symlink")
    assert os.path.samefile(path, photos.output / "0000_a.jpg")


@pytest.mark.parametrize(("mode", "call"), [("hardlink", "link"), ("symlink", "symlink")])
def test_a_file_system_without_links_is_told_or_copied_to(
    photos: Photos, monkeypatch: pytest.MonkeyPatch, mode: str, call: str
) -> None:
    paths = photos.many(3)
    monkeypatch.setattr(os, call, refuse(errno.EPERM))
    with pytest.raises(OutputError, match=r"(?s)no (hard|symbolic) link.*copy_fallback=true"):
        photos.copy(paths, mode=mode)
    assert photos.copies() == {}
    assert statuses(photos.copy(paths, mode=mode, fallback=True)) == ["copied"] * 3
    assert statuses(photos.copy(paths, mode=mode, fallback=True)) == ["kept"] * 3


def test_hard_links_across_disks_are_told_or_copied(photos: Photos, elsewhere: Path) -> None:
    paths = photos.many(3)
    photos.output = elsewhere / "output"
    with pytest.raises(OutputError, match=r"3 of 3 images .*another file system"):
        photos.copy(paths, mode="hardlink")
    assert statuses(photos.copy(paths, mode="hardlink", fallback=True)) == ["copied"] * 3


def test_across_disks_moving_is_copying_and_taking_away(photos: Photos, elsewhere: Path) -> None:
    paths = photos.many(3)
    before = tree(photos.sources)
    photos.output = elsewhere / "output"
    assert statuses(photos.copy(paths, mode="move")) == ["moved"] * 3
    assert tree(photos.sources) == {}
    assert photos.copies() == {f"{i:04}_{i}.jpg": f"content {i}" for i in range(3)}
    photos.undo()
    assert tree(photos.sources) == before


def test_one_original_that_may_not_be_linked_is_a_row(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(3)
    real = os.link

    def protected(source: bytes, *names: object, **options: object) -> None:
        if source == os.fsencode(paths[1]):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        real(source, *names, **options)

    monkeypatch.setattr(os, "link", protected)
    assert statuses(photos.copy(paths, mode="hardlink")) == ["linked", "failed", "linked"]
    assert statuses(photos.copy(paths, mode="hardlink", fallback=True)) == ["kept", "copied", "kept"]


def test_originals_in_a_folder_that_is_read_only_are_not_moved(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(2)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    before = tree(photos.sources)
    with pytest.raises(OutputError, match=r"can't be moved out of .*Nothing was moved"):
        photos.copy(paths, mode="move")
    assert tree(photos.sources) == before
    assert photos.copies() == {}


MODES = ["copy", "hardlink", "symlink", "move"]


@pytest.mark.parametrize("former", MODES[:3])
@pytest.mark.parametrize("mode", MODES)
def test_another_mode_makes_everything_anew(photos: Photos, former: str, mode: str) -> None:
    paths = photos.many(4)
    before = tree(photos.sources)
    photos.copy(paths, mode=former)
    summary = photos.copy(paths, mode=mode)
    assert summary.set_aside == []
    files = [photos.output / f"{i:04}_{i}.jpg" for i in range(4)]
    is_link = [stat.S_ISLNK(file.lstat().st_mode) for file in files]
    assert is_link == [mode == "symlink"] * 4
    if mode == "move":
        assert tree(photos.sources) == {}
    else:
        assert tree(photos.sources) == before
        same = [os.path.samefile(file, path) for file, path in zip(files, paths, strict=True)]
        assert same == [mode != "copy"] * 4
    assert list(dict(sorted(photos.copies().items())).values()) == [f"content {i}" for i in range(4)]
