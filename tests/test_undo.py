"""What was made is removed, what was moved is moved back, and whatever was changed since stays."""

import os
import shutil
from pathlib import Path

import pytest

from scripts.lib.output.undo import Refused, undo
from tests.copying import Photos, statuses, tree

MODES = ["copy", "hardlink", "symlink", "move"]


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


@pytest.mark.parametrize("mode", MODES)
def test_undone_the_world_is_as_it_was(photos: Photos, mode: str) -> None:
    paths = [photos.make(name, name) for name in ("a/x.jpg", "b/x.jpg", "c.jpg", "d/e/f.jpg")]
    before = tree(photos.sources)
    photos.copy(paths, mode=mode)
    assert (tree(photos.sources) == before) == (mode != "move")
    summary = photos.undo()
    assert tree(photos.sources) == before
    assert photos.copies() == {}
    assert len(summary.removed) + len(summary.returned) == 4
    assert summary.refused == []


@pytest.mark.parametrize("mode", MODES)
def test_after_several_orders_too(photos: Photos, mode: str) -> None:
    paths = photos.many(9)
    before = tree(photos.sources)
    photos.copy(paths[:6], mode=mode)
    if mode == "move":
        photos.copy_moved([5, 4, 2, 1, 0, 3])
    else:
        photos.copy([paths[8], *paths[2:6], paths[0]], mode=mode)
    assert photos.undo().refused == []
    assert tree(photos.sources) == before
    assert photos.copies() == {}


@pytest.mark.parametrize("mode", MODES)
def test_what_was_not_made_stays(photos: Photos, mode: str) -> None:
    photos.copy(photos.many(3), mode=mode)
    (photos.output / "mine.txt").write_text("mine")
    photos.undo()
    assert photos.copies() == {"mine.txt": "mine"}


@pytest.mark.parametrize("mode", ["copy", "move"])
def test_what_was_changed_since_is_named_and_stays(photos: Photos, mode: str) -> None:
    photos.copy(photos.many(3), mode=mode)
    (photos.output / "0001_1.jpg").write_text("edited by hand")
    summary = photos.undo()
    assert summary.refused == [Refused(b"0001_1.jpg", "was changed since")]
    assert photos.copies() == {"0001_1.jpg": "edited by hand"}
    assert {path.name for path in photos.sources.iterdir()} >= {"0.jpg", "2.jpg"}


def test_a_link_that_leads_elsewhere_now_stays(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths, mode="symlink")
    link = photos.output / "0001_1.jpg"
    link.unlink()
    link.symlink_to("elsewhere")
    assert photos.undo().refused == [Refused(b"0001_1.jpg", "was changed since")]
    assert os.readlink(link) == "elsewhere"


@pytest.mark.parametrize("mode", ["copy", "hardlink"])
def test_the_last_copy_stays(photos: Photos, mode: str) -> None:
    paths = photos.many(2)
    photos.copy(paths, mode=mode)
    paths[1].unlink()
    (refused,) = photos.undo().refused
    assert refused.name == b"0001_1.jpg"
    assert "last copy" in refused.reason
    assert photos.copies() == {"0001_1.jpg": "content 1"}


def test_a_place_that_is_taken_is_left_to_who_has_it(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths, mode="move")
    paths[1].write_text("another")
    summary = photos.undo()
    assert summary.returned == [b"0000_0.jpg"]
    assert summary.refused == [Refused(b"0001_1.jpg", "another file has its former place")]
    assert photos.copies() == {"0001_1.jpg": "content 1"}
    assert paths[1].read_text() == "another"
    paths[1].unlink()
    assert photos.undo().returned == [b"0001_1.jpg"]
    assert paths[1].read_text() == "content 1"


def test_folders_that_led_there_are_made_again(photos: Photos) -> None:
    path = photos.make("a/b/c.jpg", "c")
    photos.copy([path], mode="move")
    shutil.rmtree(photos.sources)
    photos.undo()
    assert path.read_text() == "c"


def test_the_same_plan_is_not_carried_out_again_unless_forced(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths, plan="one")
    photos.undo()
    assert photos.copy(paths, plan="one").undone
    assert photos.copies() == {}
    assert statuses(photos.copy(paths, plan="one", forced=True)) == ["copied"] * 3
    assert statuses(photos.copy(paths, plan="one")) == ["kept"] * 3
    photos.undo()
    assert statuses(photos.copy(paths, plan="two")) == ["copied"] * 3


def test_folders_of_ours_go_and_others_stay(photos: Photos) -> None:
    photos.fan_out(2)
    photos.output.mkdir()
    (photos.output / "0002-0003").mkdir()
    photos.copy(photos.many(5))
    assert sorted(path.name for path in photos.output.glob("0*")) == ["0000-0001", "0002-0003", "0004-0005"]
    photos.undo()
    assert [path.name for path in photos.output.glob("0*")] == ["0002-0003"]


def test_where_nothing_was_done_nothing_is_undone(tmp_path: Path) -> None:
    assert undo(tmp_path / "nowhere", "photos", 2, lambda count: None).removed == []
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "0000_a.jpg").write_text("foreign")
    undo(tmp_path, "photos", 2, lambda count: None)
    assert [path.name for path in tmp_path.iterdir()] == ["0000_a.jpg"]
