"""Moved files, which have no copy: edited, deleted, doubled, replaced, and asked for by an older plan."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output.deeds import Doer
from scripts.lib.output.ledger import Intent
from scripts.lib.output.moved import moved_files
from scripts.lib.output.output_lock import locked
from scripts.lib.output.placement import OutputFolder
from scripts.lib.output.planned import where_they_lie
from scripts.lib.output.targets import names_of, targets_of
from scripts.lib.output.undo import Refused, undo
from tests.copying import Photos, statuses, tree, wanted


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def everything(photos: Photos) -> list[str]:
    """Return the bytes of all images, wherever they are."""
    return sorted(path.read_text() for path in photos.sources.parent.rglob("*.jpg"))


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have sources and output on two file systems."""
    link = os.link

    def refuse(source: bytes, place: bytes, **options: int) -> None:
        if options and b"/" in os.fsencode(source) + os.fsencode(place):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        link(source, place, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", refuse)


def test_a_moved_file_that_was_edited_gets_its_new_name_and_is_not_moved_back(photos: Photos) -> None:
    photos.copy(photos.many(4), mode="move")
    (photos.output / "0001_1.jpg").write_text("edited")
    assert set(statuses(photos.copy_moved([3, 1, 2, 0]))) <= {"kept", "renamed"}
    assert set(statuses(photos.copy_moved([1, 2, 3, 0]))) <= {"kept", "renamed"}
    assert photos.copies()["0000_1.jpg"] == "edited"
    assert photos.undo().refused == []
    assert (photos.sources / "1.jpg").read_text() == "edited"


def test_a_moved_file_edited_after_the_order_stays_where_it_is(photos: Photos) -> None:
    photos.copy(photos.many(3), mode="move")
    (photos.output / "0001_1.jpg").write_text("edited")
    assert photos.undo().refused == [Refused(b"0001_1.jpg", "was changed since")]
    assert everything(photos) == ["content 0", "content 2", "edited"]


def test_a_moved_file_that_was_deleted_is_named_and_the_others_come_back(photos: Photos) -> None:
    photos.copy(photos.many(3), mode="move")
    (photos.output / "0001_1.jpg").unlink()
    summary = photos.undo()
    assert summary.refused == [Refused(b"0001_1.jpg", "is gone")]
    assert sorted(summary.returned) == [b"0000_0.jpg", b"0002_2.jpg"]


@pytest.mark.parametrize("device", ["one", "another"])
def test_equal_and_empty_files_come_back_each_to_its_own_place(
    photos: Photos, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if device == "another":
        elsewhere(monkeypatch)
    paths = [photos.make(f"{i}/same.jpg", "same") for i in range(3)]
    paths += [photos.make("one.jpg", "same"), photos.make("two.jpg", "same"), photos.make("no.jpg", "")]
    paths.append(photos.make("nothing.jpg", ""))
    for i, path in enumerate(paths):
        path.chmod(0o600 + i)
        os.utime(path, ns=(i, i))
    before = tree(photos.sources)
    assert statuses(photos.copy(paths, mode="move")) == ["moved"] * 7
    assert tree(photos.sources) == {}
    photos.copy_moved([6, 5, 4, 3, 2, 1, 0])
    photos.copy_moved([2, 5, 0, 3])
    assert photos.undo().refused == []
    assert tree(photos.sources) == before


def test_a_new_file_at_the_former_place_is_another_file(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths, mode="move")
    again = photos.make("0.jpg", "new")
    moved = moved_files(photos.output)
    places = sorted(moved)
    order = [wanted(0, again), *(wanted(i + 1, Path(os.fsdecode(p))) for i, p in enumerate(places))]
    order = [each._replace(origin=moved.get(each.source)) for each in order]
    for _ in range(2):
        assert "failed" not in statuses(photos.copy_wanted(order, mode="move"))
        contents = [path.read_text() for path in sorted(photos.output.glob("0*"))]
        assert contents == ["new", "content 0", "content 1"]
        moved = moved_files(photos.output)
        places = sorted(moved)
        order = [wanted(i, Path(os.fsdecode(p))) for i, p in enumerate(places)]
        order = [each._replace(origin=moved[each.source]) for each in order]
    (refused,) = photos.undo().refused
    assert refused.reason == "another file has its former place"
    assert everything(photos) == ["content 0", "content 1", "new"]


def test_a_plan_made_before_files_were_moved_or_moved_back_finds_them(photos: Photos) -> None:
    """As with `scan_mode: off`, where no scan tells that they lie elsewhere."""
    order = [wanted(i, path) for i, path in enumerate(photos.many(4))]
    before = tree(photos.sources)
    first = targets_of(order, names_of(order, photos.naming))
    photos.copy_wanted(order[:3], mode="move")
    now = where_they_lie(first, moved_files(photos.output))
    assert [target.wanted.origin for target in now] == [*(each.source for each in order[:3]), None]
    assert all(os.path.exists(target.wanted.source) for target in now)
    photos.copy_wanted([target.wanted for target in now], mode="move")
    now = where_they_lie(now, moved_files(photos.output))
    photos.undo()
    back = where_they_lie(now, moved_files(photos.output))
    assert [target.wanted for target in back] == order
    again = photos.copy_wanted([target.wanted for target in back], mode="move", forced=True)
    assert statuses(again) == ["moved"] * 4
    assert photos.undo().refused == []
    assert tree(photos.sources) == before


def test_what_a_killed_run_has_moved_is_known_before_the_next_one(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its ledger says so: a scan would take the files for gone."""
    order = [wanted(i, path) for i, path in enumerate(photos.many(3))]
    before = tree(photos.sources)

    each = Doer._each

    def die(**_: object) -> None:
        raise KeyboardInterrupt

    def each_and_die(doer: Doer, intents: Sequence[Intent], do: Callable) -> list[str | None]:
        monkeypatch.setattr(doer.ledger, "settle", die)
        return each(doer, intents, do)

    with monkeypatch.context() as patch:
        patch.setattr(Doer, "_each", each_and_die)
        with pytest.raises(KeyboardInterrupt):
            photos.copy_wanted(order, mode="move")
    moved = moved_files(photos.output)
    assert set(moved.values()) == {each.source for each in order}
    assert all(os.path.exists(place) for place in moved)
    with monkeypatch.context() as patch:
        patch.setattr(Doer, "_each", each_and_die)
        with pytest.raises(KeyboardInterrupt):
            photos.undo()
    assert moved_files(photos.output) == {}
    assert tree(photos.sources) == before
    assert statuses(photos.copy_wanted(order, mode="move", forced=True)) == ["moved"] * 3
    assert photos.undo().refused == []
    assert tree(photos.sources) == before


def test_undo_waits_for_no_copy_and_copy_for_no_undo(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths, mode="move")
    before = tree(photos.sources.parent)
    with OutputFolder(photos.output) as folder, locked(folder):
        with pytest.raises(OutputError, match="Another run"):
            photos.undo()
        with pytest.raises(OutputError, match="Another run"):
            photos.copy_moved([1, 0])
    assert tree(photos.sources.parent) == before


def test_files_go_back_into_the_folders_of_the_images_only(photos: Photos) -> None:
    """Whoever may write into the output could have the ledger say another place."""
    paths = [photos.make("in/a.jpg", "a"), photos.make("out/b.jpg", "b"), photos.make("in/c.jpg", "c")]
    paths[2] = photos.sources / "in/../in/c.jpg"
    photos.copy(paths, mode="move")
    roots = [os.fsencode(photos.sources / "in")]
    summary = undo(photos.output, "photos", 1, lambda count: None, roots)
    assert summary.returned == [b"0000_a.jpg"]
    assert all("none of the folders of `images`" in refused.reason for refused in summary.refused)
    assert everything(photos) == ["a", "b", "c"]
    assert photos.undo().refused == []
    assert (photos.sources / "out/b.jpg").read_text() == "b"


@pytest.mark.parametrize("name", ["user.rating"])
def test_moved_to_another_disk_and_back_files_keep_what_is_attached_to_them(
    photos: Photos, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = photos.make("a.jpg", "a")
    try:
        os.setxattr(path, name, b"5")
    except (AttributeError, OSError):
        pytest.skip("no extended attributes here")
    elsewhere(monkeypatch)
    photos.copy([path], mode="move")
    assert os.getxattr(photos.output / "0000_a.jpg", name) == b"5"
    photos.undo()
    assert os.getxattr(path, name) == b"5"
