"""Nothing outside the output is touched, whatever lies in it, in its ledger, or in the collection."""

import contextlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output.check import check_copies
from scripts.lib.output.deeds import Doer
from scripts.lib.output.ledger import Intent
from scripts.lib.output.moved import moved_files
from scripts.lib.output.naming.names import Naming
from tests.copying import Photos, statuses, tree, wanted

MODES = ["copy", "hardlink", "symlink", "move"]
KINDS = {"copy": "copied", "hardlink": "linked", "symlink": "linked", "move": "moved"}


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a folder of somebody else, with files named like copies."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("0000_0.jpg", "0001_1.jpg", "precious.jpg"):
        (folder / name).write_text(f"precious {name}")
    return folder


def lead_away(folder: Path, elsewhere: Path) -> None:
    """Put a symbolic link in the place of a folder."""
    folder.rename(folder.parent / f"{folder.name}.former")
    folder.symlink_to(elsewhere)


def everything(photos: Photos) -> list[str]:
    """Return the bytes of all images, wherever they are."""
    return sorted(p.read_text() for p in photos.sources.parent.rglob("*.jpg") if not p.is_symlink())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", ["0000-0001", ".seriatim", ".seriatim/tmp", ".seriatim/parked", ".removed"])
def test_a_link_in_the_place_of_a_folder_stops_copying_and_undoing(
    photos: Photos, elsewhere: Path, mode: str, place: str
) -> None:
    photos.fan_out(2)
    paths = photos.many(5)
    photos.copy(paths[:4], mode=mode)
    (photos.output / ".removed").mkdir(exist_ok=True)
    lead_away(photos.output / place, elsewhere)
    before = tree(photos.sources.parent)
    with pytest.raises(OutputError, match="symbolic link"):
        photos.copy([path for path in paths if path.exists()], mode=mode)
    assert tree(photos.sources.parent) == before
    with pytest.raises(OutputError, match="symbolic link"):
        photos.undo()
    assert tree(photos.sources.parent) == before


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", ["0000-0001", "0002-0003", ".seriatim", ".seriatim/tmp", ""])
@pytest.mark.parametrize("undoing", [False, True])
def test_a_link_put_there_in_the_middle_leads_nowhere(
    photos: Photos, elsewhere: Path, mode: str, place: str, undoing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on in the folder that it opened, or stops; the link's folder sees nothing of it."""
    photos.fan_out(2)
    paths = photos.many(6)
    before, contents = tree(elsewhere), everything(photos)
    if undoing:
        photos.copy(paths, mode=mode)
    announce = Doer._announce

    def meanwhile(doer: Doer, intents: Sequence[Intent]) -> list[int]:
        folder = photos.output / place
        if folder.is_dir() and not folder.is_symlink():
            lead_away(folder, elsewhere)
        return announce(doer, intents)

    with monkeypatch.context() as patch:
        patch.setattr(Doer, "_announce", meanwhile)
        with contextlib.suppress(OutputError):
            photos.undo() if undoing else photos.copy(paths, mode=mode)
    assert tree(elsewhere) == before
    assert set(everything(photos)) >= set(contents)


@pytest.mark.parametrize("mode", ["hardlink", "move"])
def test_a_source_folder_that_is_a_link_to_the_output_is_no_source(photos: Photos, mode: str) -> None:
    """Whoever has linked everything may remove the sources' folder and let it lead to the output."""
    photos.naming = Naming("{stem}{ext}", per_folder=0)
    paths = [photos.make(f"photo {i}.jpg", f"content {i}") for i in range(4)]
    photos.copy(paths, mode="hardlink")
    shutil.rmtree(photos.sources)
    photos.sources.symlink_to(photos.output)
    contents = everything(photos)
    photos.copy(paths, mode=mode)
    photos.copy(paths[:1], mode=mode)
    assert everything(photos) == contents
    photos.undo()
    assert everything(photos) == contents


def test_the_last_name_of_a_file_is_not_removed_because_a_link_leads_to_it(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths, mode="hardlink")
    for i in (1, 2):
        paths[i].unlink()
        paths[i].symlink_to(photos.output / f"000{i}_{i}.jpg")
    assert photos.copy(paths[:2], mode="hardlink").removed == []
    assert photos.set_aside() == {"0002_2.jpg": "content 2"}
    (refused,) = photos.undo().refused
    assert "last copy" in refused.reason
    assert photos.copies() == {"0001_1.jpg": "content 1"}


@pytest.mark.parametrize("mode", MODES)
def test_hard_links_between_sources(photos: Photos, mode: str) -> None:
    """One file under three names is three images; one of them is not in the order."""
    one = photos.make("a.jpg", "one")
    for name in ("b.jpg", "c.jpg"):
        (photos.sources / name).hardlink_to(one)
    paths = [one, photos.sources / "b.jpg"]
    before = tree(photos.sources)
    assert statuses(photos.copy(paths, mode=mode)) == [KINDS[mode]] * 2
    assert photos.copies() == {"0000_a.jpg": "one", "0001_b.jpg": "one"}
    if mode != "move":
        photos.copy(paths[1:], mode=mode)
        assert photos.copies() == {"0000_b.jpg": "one"}
    assert photos.undo().refused == []
    assert tree(photos.sources) == before
    assert photos.copies() == {}


@pytest.mark.parametrize("mode", MODES)
def test_sources_that_are_links(photos: Photos, elsewhere: Path, mode: str) -> None:
    """To another source, to a file outside, into the output, and to nothing. What they lead to stays."""
    real = photos.make("real.jpg", "real")
    links = [photos.sources / f"{name}.jpg" for name in ("inside", "outside", "own", "nowhere")]
    goals = [real, elsewhere / "precious.jpg", photos.output / "0000_real.jpg", photos.sources / "none"]
    photos.copy([real])
    for link, goal in zip(links, goals, strict=True):
        link.symlink_to(goal)
    texts, outside = [os.readlink(each) for each in links], tree(elsewhere)
    order = [wanted(i, path) for i, path in enumerate([real, *links])]
    summary = photos.copy_wanted(order, mode=mode)
    assert summary.files[4].status == "failed"
    if mode == "move":
        assert [row.status for row in summary.files[1:]] == ["failed"] * 4
    assert [os.readlink(each) for each in links] == texts
    assert tree(elsewhere) == outside
    assert photos.undo().refused == []
    assert [os.readlink(each) for each in links] == texts
    assert real.read_text() == "real"
    assert tree(elsewhere) == outside


@pytest.mark.parametrize("mode", MODES)
def test_a_source_that_is_no_file_is_a_row(photos: Photos, mode: str) -> None:
    fifo, folder, device, good = (photos.sources / name for name in ("fifo", "folder", "device", "good"))
    os.mkfifo(fifo)
    folder.mkdir()
    device.symlink_to("/dev/zero")
    good.write_text("good")
    summary = photos.copy([fifo, folder, device, good], mode=mode)
    assert statuses(summary) == ["failed"] * 3 + [KINDS[mode]]
    assert photos.copies() == {"0003_good": "good"}


@pytest.mark.parametrize("mode", MODES)
def test_foreign_files_in_the_output_are_sources_like_others(photos: Photos, mode: str) -> None:
    photos.output.mkdir()
    mine = photos.output / "mine.jpg"
    mine.write_text("mine")
    before = tree(photos.output)
    assert statuses(photos.copy([mine], mode=mode)) == [KINDS[mode]]
    assert photos.undo().refused == []
    shutil.rmtree(photos.output / ".seriatim")
    assert tree(photos.output) == before


# What follows is what somebody could try who may write into the output folder, but nowhere else.


def tampered(photos: Photos, *lines: dict[str, Any]) -> None:
    """Append lines to the ledger."""
    with (photos.output / ".seriatim/ledger.jsonl").open("a") as ledger:
        for line in lines:
            ledger.write(json.dumps(line) + "\n")


def described(path: Path, kind: str = "copy", source: Path | None = None) -> dict[str, Any]:
    """Return what a ledger would say of a file if it were a copy of ours."""
    photo = wanted(0, path)
    assert photo.content_id is not None
    assert photo.seen is not None
    time = photo.seen.mtime_ns
    facts = {"content": photo.content_id.hex(), "size": photo.seen.size, "mtime_ns": time}
    return facts | {"source": str(source or path), "source_mtime_ns": time, "kind": kind}


OUTSIDE = [
    "../elsewhere/precious.jpg",
    "a/../../elsewhere/precious.jpg",
    "{}/precious.jpg",
    "./x",
    "a//b",
    "",
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("what", ["own", "forget", "made", "unmade", "here", "there"])
def test_a_ledger_whose_paths_lead_out_is_damaged(
    photos: Photos, elsewhere: Path, path: str, what: str
) -> None:
    photos.copy(photos.many(2))
    path = path.format(elsewhere)
    facts = described(elsewhere / "precious.jpg", "move", elsewhere / "0000_0.jpg")
    line: dict[str, Any] = {what: path} | (facts if what == "own" else {})
    if what in ("here", "there"):
        if (what, path) == ("there", ""):
            return  # a deed that has no second path
        line = {"intent": 9, "do": "move", "here": "0000_0.jpg", "there": "0001_1.jpg"} | facts | line
    tampered(photos, line, {"plan": "x"}, {"plan": "y"})
    before = tree(photos.sources.parent)
    for do in (photos.undo, lambda: photos.copy(photos.many(2)), lambda: check_copies(photos.output)):
        with pytest.raises(OutputError, match="is damaged"):
            do()
    if b'"take"' in (photos.output / ".seriatim/ledger.jsonl").read_bytes():
        with pytest.raises(OutputError, match="is damaged"):
            moved_files(photos.output)
    assert tree(photos.sources.parent) == before


@pytest.mark.parametrize("deed", ["take", "give", "remove", "aside", "place", "move"])
@pytest.mark.parametrize("kind", MODES)
def test_a_pending_deed_never_touches_what_is_outside(
    photos: Photos, elsewhere: Path, deed: str, kind: str
) -> None:
    """Recovery removes no source, and undo overwrites nothing, whatever was announced."""
    paths = photos.many(2)
    photos.copy(paths)
    victim = elsewhere / "precious.jpg"
    (photos.output / "bait.jpg").write_text("bait")
    facts = described(victim, kind)
    line = {"intent": 99, "do": deed, "here": "bait.jpg", "there": "bait 2.jpg"} | facts
    tampered(photos, line)
    before, sources = tree(elsewhere), tree(photos.sources)
    photos.copy(paths)
    photos.undo()
    assert tree(elsewhere) == before
    assert tree(photos.sources) == sources


@pytest.mark.parametrize("kind", MODES)
def test_an_invented_file_of_ours_is_removed_or_moved_at_most_within_the_output(
    photos: Photos, elsewhere: Path, kind: str
) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    shutil.copy2(elsewhere / "precious.jpg", photos.output / "bait.jpg")
    tampered(photos, {"own": "bait.jpg"} | described(elsewhere / "precious.jpg", kind))
    before, sources = tree(elsewhere), tree(photos.sources)
    photos.copy(paths, mode="move")
    photos.undo()
    assert tree(elsewhere) == before
    assert tree(photos.sources) == sources
