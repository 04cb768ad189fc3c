"""File systems that do not tell cases apart, or refuse some names: nothing is lost, the rest goes on."""

import os
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output.check import check_copies
from scripts.lib.output.naming.names import Naming
from tests.copying import Photos, statuses, tree, wanted
from tests.picky_disks import refusing_names, without_cases

MODES = ["copy", "hardlink", "symlink", "move"]
UNFIT = [b"CON?.jpg", b"a:b.jpg", b"line\nbreak.jpg", b"bell\x07.jpg", b"dots..", b"\xff\xfe.jpg"]
FIT = [b"CON.jpg", "שלום\u202egnp.jpg".encode(), b"n" * 251 + b".jpg", b"-rf.jpg", b" x .jpg", b"zero"]


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


@pytest.fixture
def caseless(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> Photos:
    """Return sources and an output on a file system that does not tell cases apart."""
    without_cases(monkeypatch)
    return photos


def ordered(paths: list[Path]) -> list[str]:
    return sorted(path.name for path in paths)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("foreign", [False, True])
def test_names_that_change_in_case_only(caseless: Photos, mode: str, foreign: bool) -> None:
    """`0000_a.jpg` becomes `0000_A.jpg` there, and its bytes stay."""
    paths = [caseless.make(f"{i}/photo.jpg", f"content {i}") for i in range(4)]
    before = tree(caseless.sources)
    caseless.naming = Naming("{index}_photo{ext}")
    caseless.copy(paths, mode=mode)
    if foreign:
        (caseless.output / "mine.txt").write_text("mine")
    caseless.naming = Naming("{index}_PHOTO{ext}")
    summary = caseless.copy_moved(range(4)) if mode == "move" else caseless.copy(paths, mode=mode)
    assert set(statuses(summary)) <= ({"copied", "linked", "renamed"})
    assert ordered(list(caseless.output.glob("0*"))) == [f"{i:04}_PHOTO.jpg" for i in range(4)]
    assert [p.read_text() for p in sorted(caseless.output.glob("0*"))] == [f"content {i}" for i in range(4)]
    assert check_copies(caseless.output) == []
    assert caseless.undo().refused == []
    assert tree(caseless.sources) == before


@pytest.mark.parametrize("mode", MODES)
def test_files_that_differ_in_case_only_lie_side_by_side(caseless: Photos, mode: str) -> None:
    names = ["a/photo.jpg", "b/PHOTO.jpg", "c/Photo.JPG", "d/straße.jpg", "e/STRASSE.jpg"]
    paths = [caseless.make(name, name) for name in names]
    before = tree(caseless.sources)
    caseless.naming = Naming("{stem}{ext}")
    assert "failed" not in statuses(caseless.copy(paths, mode=mode))
    assert sorted(caseless.copies().values()) == names
    assert caseless.undo().refused == []
    assert tree(caseless.sources) == before


@pytest.mark.parametrize("mode", MODES)
def test_a_foreign_file_in_other_letters_stops_the_run_before_it_writes(caseless: Photos, mode: str) -> None:
    caseless.copy([], mode=mode)
    (caseless.output / "0001_PHOTO.JPG").write_text("foreign")
    before = tree(caseless.sources.parent)
    paths = [caseless.make("x.jpg", "x"), caseless.make("photo.jpg", "photo")]
    with pytest.raises(OutputError, match=r"taken .*'0001_photo\.jpg'"):
        caseless.copy(paths, mode=mode)
    for path in paths:
        path.unlink()
    assert tree(caseless.sources.parent) == before


@pytest.mark.parametrize("mode", MODES)
def test_a_file_that_leaves_makes_room_for_one_in_other_letters(caseless: Photos, mode: str) -> None:
    """A moved one is set aside; and nothing that is set aside is lost to another in other letters."""
    paths = [caseless.make(f"{i}/{name}.jpg", f"{i}") for i, name in enumerate(["photo", "PHOTO", "Photo"])]
    for path in paths:
        assert "failed" not in statuses(caseless.copy([path], mode=mode))
    assert list(caseless.copies().values()) == ["2"]
    if mode == "move":
        assert sorted(caseless.set_aside().values()) == ["0", "1"]
    assert caseless.undo().refused == []
    assert [path.read_text() for path in paths] == ["0", "1", "2"]


def test_copies_of_two_folders_are_set_aside_side_by_side(caseless: Photos) -> None:
    caseless.naming = Naming("{stem}{ext}", per_folder=1)
    paths = [caseless.make("a/photo.jpg", "a"), caseless.make("b/PHOTO.jpg", "b")]
    caseless.copy(paths)
    for path in paths:
        path.unlink()
    caseless.copy([caseless.make("c.jpg", "c")])
    assert sorted(caseless.set_aside().values()) == ["a", "b"]


@pytest.mark.parametrize("mode", MODES)
def test_names_that_the_file_system_refuses_are_rows(
    photos: Photos, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reason; the others go on, no source is touched, and portable names mend it."""
    names = [*UNFIT, *FIT]
    paths = [photos.make(name, f"{i}") for i, name in enumerate(names)]
    order = [wanted(i, path) for i, path in enumerate(paths)]
    before = tree(photos.sources)
    refusing_names(monkeypatch)
    for _ in range(2):
        summary = photos.copy_wanted(order, mode=mode)
        failed = [row for row in summary.files if row.status == "failed"]
        assert [row.position for row in failed] == list(range(len(UNFIT)))
        assert {row.error for row in failed} == {"Invalid argument", os.strerror(84)}
        assert sorted(photos.copies().values()) == sorted(f"{i}" for i in range(len(UNFIT), len(names)))
        assert all(path.exists() for path in paths[: len(UNFIT)])
    photos.naming = Naming(portable=True)
    assert "failed" not in statuses(photos.copy_wanted(order, mode=mode))
    assert len(photos.copies()) == len(names)
    assert photos.undo().refused == []
    assert tree(photos.sources) == before


@pytest.mark.parametrize("mode", MODES)
def test_a_file_whose_new_name_is_refused_is_not_lost(
    photos: Photos, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(4)
    order = [wanted(i, path) for i, path in enumerate(paths)]
    before = tree(photos.sources)
    photos.copy_wanted(order, mode=mode)
    with monkeypatch.context() as patch:
        refusing_names(patch)
        photos.naming = Naming("{index}:{stem}{ext}")
        assert statuses(photos.copy_wanted(order, mode=mode)) == ["failed"] * 4
        everything = [path.read_text() for path in photos.sources.parent.rglob("*.jpg")]
        assert set(everything) == {f"content {i}" for i in range(4)}
        photos.naming = Naming()
        assert "failed" not in statuses(photos.copy_wanted(order, mode=mode))
        assert len(photos.copies()) == 4
        photos.naming = Naming("{index}:{stem}{ext}")
        photos.copy_wanted(order, mode=mode)
        assert photos.undo().refused == []
    assert tree(photos.sources) == before
    assert photos.copies() == {}
