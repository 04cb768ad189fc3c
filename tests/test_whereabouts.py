"""Copies of files that were moved meanwhile, or back, are undone as others are: their sources are found."""

from pathlib import Path

import pytest

from scripts.lib.output.moved import moved_files
from scripts.lib.output.undo import UndoSummary, undo
from scripts.lib.output.whereabouts import whereabouts
from tests.copying import Photos, tree

KINDS = ["copy", "hardlink", "symlink"]


class Two(Photos):
    """One collection of sources, and two outputs, into one of which they are moved."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.one, self.other = base / "output", base / "moved"

    def move(self, paths: list[Path]) -> list[Path]:
        """Move files into the other output, and return where they lie."""
        self.output = self.other
        self.copy(paths, mode="move") if paths[0].is_relative_to(self.sources) else self.copy_moved([1, 2, 0])
        self.output = self.one
        return [Path(place.decode()) for place in sorted(moved_files(self.other))]

    def undone(self, output: Path, other: Path, name: str = "photos") -> UndoSummary:
        return undo(output, name, 2, lambda count: None, None, whereabouts(other, name))


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def assert_both_are_undone(two: Two, first: Path, second: Path) -> None:
    assert two.undone(first, second).refused == []
    assert two.undone(second, first).refused == []
    assert two.copies() == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moved_back_first", [False, True])
def test_copies_of_moved_files(two: Two, kind: str, moved_back_first: bool) -> None:
    paths = two.many(3)
    before = tree(two.sources)
    two.copy(two.move(paths), mode=kind)
    outputs = [two.other, two.one] if moved_back_first else [two.one, two.other]
    assert_both_are_undone(two, *outputs)
    assert tree(two.sources) == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("moved_back_first", [False, True])
def test_copies_of_files_that_are_moved_later(
    two: Two, kind: str, renamed: bool, moved_back_first: bool
) -> None:
    paths = two.many(3)
    before = tree(two.sources)
    two.copy(paths, mode=kind)
    places = two.move(paths)
    if renamed:
        two.move(places)
    outputs = [two.other, two.one] if moved_back_first else [two.one, two.other]
    assert_both_are_undone(two, *outputs)
    assert tree(two.sources) == before


@pytest.mark.parametrize("kind", ["copy", "hardlink"])
def test_what_is_found_nowhere_is_the_last_copy_and_stays(two: Two, kind: str) -> None:
    places = two.move(two.many(3))
    two.copy(places, mode=kind)
    two.undone(two.other, two.one)
    (two.sources / "0.jpg").unlink()
    (two.sources / "1.jpg").unlink()
    (two.sources / "1.jpg").write_text("another")
    refused = two.undone(two.one, two.other).refused
    assert [name for name, _ in refused] == [b"0000_0000_0.jpg", b"0001_0001_1.jpg"]
    assert sorted(two.copies().values()) == ["content 0", "content 1"]


def test_another_collection_knows_nothing(two: Two) -> None:
    paths = two.many(1)
    (place,) = two.move(paths)
    assert whereabouts(two.other, "photos")(bytes(paths[0])) == [bytes(place)]
    assert bytes(paths[0]) in whereabouts(two.other, "photos")(bytes(place))
    assert list(whereabouts(two.other, "somebody")(bytes(place))) == []
    assert list(whereabouts(two.one, "photos")(bytes(place))) == []
