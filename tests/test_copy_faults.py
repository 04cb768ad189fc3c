"""A disk fails or is full: the run ends in one sentence or a row, nothing is lost, the next one completes."""

import errno
import itertools
import os
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output import placement
from scripts.lib.output.deeds import Doer
from scripts.lib.output.execute import CopySummary
from scripts.lib.output.ledger import Intent, Ledger
from scripts.lib.output.placement import OutputFolder
from scripts.lib.output.undo import UndoSummary
from tests.copying import Photos, statuses, tree, wanted
from tests.stories import Story, World

GROWING = ["open", "write", "mkdir", "link", "symlink"]  # what a full disk refuses
CHANGING = [*GROWING, "unlink", "rmdir", "rename", "ftruncate"]
MEMORY = Path("/dev/shm")
NOBODY = 65534


class Fault:
    """Makes a call that changes the disk fail, the chosen one or all from there on."""

    def __init__(self, moment: int, number: int, lasting: bool, patch: pytest.MonkeyPatch) -> None:
        self.left, self.number, self.lasting, self.met = moment, number, lasting, False
        for name in GROWING if number in (errno.ENOSPC, errno.EDQUOT) else CHANGING:
            patch.setattr(os, name, self.failing(getattr(os, name)))

    def failing(self, call: Callable) -> Callable:
        def failing(*args, **options):
            if call.__name__ == "open" and not args[1] & os.O_CREAT:
                return call(*args, **options)
            self.left -= 1
            if self.left == 0 or (self.lasting and self.left < 0):
                self.met = True
                raise OSError(self.number, os.strerror(self.number))
            return call(*args, **options)

        return failing


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory, if there is such a file system: much is made and removed."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as folder:
        yield Path(folder)


def end_of(story: Story) -> str:
    """Do the step that is to fail; return how it ended."""
    try:
        summary = story.do()
    except OutputError as error:
        return str(error)
    if isinstance(summary, CopySummary):
        return "; ".join(row.error for row in summary.files if row.error) or "completed"
    assert isinstance(summary, UndoSummary)
    return "; ".join(refused.reason for refused in summary.refused) or "completed"


def fail_at_every_call(story: Story, monkeypatch: pytest.MonkeyPatch, first: int) -> list[str]:
    """Do the last step with a fault at each call that changes the disk; return how it ended each time.

    first : which of the faults comes first; the others follow in turn
    """
    ends = []
    numbers = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EDQUOT, errno.EROFS]
    kinds = [(number, lasting) for lasting in (False, True) for number in numbers]
    faults = itertools.cycle(kinds[first:] + kinds[:first])
    for moment, (number, lasting) in zip(itertools.count(1), faults, strict=False):
        story.template.restore()
        with monkeypatch.context() as patch:
            fault = Fault(moment, number, lasting, patch)
            ends.append(end_of(story))
        if not fault.met and number not in (errno.ENOSPC, errno.EDQUOT):
            return ends
        story.assert_nothing_lost()
        story.do()
        story.assert_completed(links=False)
    raise AssertionError


@pytest.mark.parametrize(
    "story",
    [
        *(f"first:{mode}" for mode in ("copy", "hardlink", "symlink", "move")),
        *(f"first:{mode} second:{mode}" for mode in ("copy", "move")),
        *(f"first:{mode} undo" for mode in ("copy", "hardlink", "symlink", "move")),
        "first:copy second:move",
    ],
)
def test_a_fault_at_any_call(memory: Path, monkeypatch: pytest.MonkeyPatch, story: str) -> None:
    monkeypatch.setattr(placement, "SYNCFS", lambda fd: 0)
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    world = World(memory / "sources", memory / "output", {})
    told = Story(world, story.split(), memory / "template")
    ends = [end for first in (0, 4, 8) for end in fail_at_every_call(told, monkeypatch, first)]
    assert len(ends) > 45
    assert any("Can't write into the output folder" in end for end in ends)
    assert not any("\n" in end for end in ends)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that is a disk of 256 KB and 60 names."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not resized(folder, "size=256k,nr_inodes=60", "-t", "tmpfs", "tmpfs"):
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def resized(disk: Path, options: str, *how: str) -> bool:
    command = ["mount", "-o", options, *how, str(disk)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def large(photos: Photos, count: int) -> list[Path]:
    return [photos.make(f"{i}.jpg", f"{i} " * 7_000) for i in range(count)]


@pytest.mark.parametrize("mode", ["copy", "move"])
def test_a_disk_that_is_full_although_it_seemed_to_have_room(
    photos: Photos, disk: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a quota, which the free space does not show."""
    photos.output = disk / "output"
    order = [wanted(i, path) for i, path in enumerate(large(photos, 30))]
    before = tree(photos.sources)
    monkeypatch.setattr("scripts.lib.output.copy._check_space", lambda folder, needed: None)
    with pytest.raises(OutputError, match="No space left on device"):
        photos.copy_wanted(order, mode=mode)
    found = {data for folder in (photos.sources, photos.output) for _, _, data in tree(folder).values()}
    assert {data for _, _, data in before.values()} <= found
    if mode == "copy":
        assert tree(photos.sources) == before
    assert resized(disk, "remount,size=10m,nr_inodes=1000")
    assert set(statuses(photos.copy_wanted(order, mode=mode))) <= {"kept", "copied", "moved"}
    assert len(photos.copies()) == 30
    assert photos.undo().refused == []
    assert tree(photos.sources) == before


@pytest.mark.parametrize("mode", ["hardlink", "symlink"])
def test_a_disk_that_has_no_room_for_more_names(disk: Path, mode: str) -> None:
    photos = Photos(disk)
    paths = photos.many(40)
    before = tree(photos.sources)
    with pytest.raises(OutputError, match="No space left on device"):
        photos.copy(paths, mode=mode)
    assert {path.read_text() for path in disk.rglob("*.jpg")} >= {f"content {i}" for i in range(40)}
    assert resized(disk, "remount,nr_inodes=1000")
    assert set(statuses(photos.copy(paths, mode=mode))) <= {"kept", "linked"}
    assert photos.undo().refused == []
    assert tree(photos.sources) == before


def test_a_disk_that_has_no_room_for_what_is_to_be_moved_back(photos: Photos, disk: Path) -> None:
    photos.sources = disk / "sources"
    photos.sources.mkdir()
    paths = large(photos, 9)
    before = tree(photos.sources)
    photos.copy(paths, mode="move")
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(140_000))
    summary = photos.undo()
    assert {refused.reason for refused in summary.refused} == {"can't be moved back: No space left on device"}
    assert len(summary.returned) + len(summary.refused) == 9
    found = [data for folder in (photos.sources, photos.output) for _, _, data in tree(folder).values()]
    assert {data for _, _, data in before.values()} <= set(found)
    ballast.unlink()
    assert photos.undo().refused == []
    assert tree(photos.sources) == before


def test_a_disk_mounted_read_only_is_told_before_anything_is_touched(photos: Photos, disk: Path) -> None:
    paths = photos.many(3)
    photos.output = disk / "output"
    photos.output.mkdir()
    assert resized(disk, "remount,ro")
    before = tree(photos.sources)
    for mode in ("copy", "symlink", "move"):
        with pytest.raises(OutputError, match="Read-only file system"):
            photos.copy(paths, mode=mode)
    assert tree(photos.sources) == before
    photos.sources, photos.output = disk / "sources", photos.sources.parent / "output"
    assert resized(disk, "remount,rw")
    photos.sources.mkdir()
    paths = photos.many(3)
    assert resized(disk, "remount,ro")
    with pytest.raises(OutputError, match="read-only"):
        photos.copy(paths, mode="move")
    assert statuses(photos.copy(paths, mode="copy")) == ["copied"] * 3


def unprivileged(do: Callable[[], None]) -> None:
    """Do something as somebody whom permissions concern."""
    if os.geteuid() != 0:
        do()
        return
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            do()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0


@pytest.mark.parametrize(
    ("story", "closed"),
    [
        *((f"first:{mode}", "output") for mode in ("copy", "hardlink", "symlink", "move")),
        *((f"first:{mode}", "output/0000-0002") for mode in ("copy", "hardlink", "symlink", "move")),
        *((f"first:{mode} second:{mode}", "output/0003-0005") for mode in ("copy", "move")),
        *((f"first:{mode} undo", "output/0003-0005") for mode in ("copy", "move")),
        ("first:move", "sources/3"),
        ("first:move undo", "sources/3"),
        ("first:copy", "output/.seriatim/tmp"),
    ],
)
def test_permission_lost_midway(memory: Path, story: str, closed: str) -> None:
    """A folder can't be written to any longer once the first batch is announced."""
    memory.chmod(0o777)

    def close_midway() -> None:
        told = Story(World(memory / "sources", memory / "output", {}), story.split(), memory / "template")
        told.template.restore()
        folder = memory / closed
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ledger, "flush", lambda ledger: folder.exists() and folder.chmod(0o500))
            assert end_of(told) != "completed"
        told.assert_nothing_lost()
        folder.chmod(0o755)
        told.do()
        told.assert_completed()

    unprivileged(close_midway)


def test_images_in_a_folder_that_is_read_only_are_copied_and_not_moved(memory: Path) -> None:
    memory.chmod(0o777)

    def refuse_to_move() -> None:
        photos = Photos(memory)
        path = photos.make("closed/a.jpg", "a")
        path.parent.chmod(0o500)
        with pytest.raises(OutputError, match="can't be moved out"):
            photos.copy([path], mode="move")
        assert statuses(photos.copy([path])) == ["copied"]
        path.parent.chmod(0o700)
        photos.copy([path], mode="move")
        path.parent.chmod(0o500)
        assert [refused.reason for refused in photos.undo().refused] == [
            "can't be moved back: Permission denied"
        ]
        path.parent.chmod(0o700)
        photos.undo()
        assert path.read_text() == "a"

    unprivileged(refuse_to_move)


def test_a_file_too_large_for_the_file_system_is_a_row(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(3)
    write = os.write

    def limited(fd: int, data: bytes) -> int:
        if bytes(data) == b"content 1":
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return write(fd, data)

    monkeypatch.setattr(os, "write", limited)
    summary = photos.copy(paths)
    assert statuses(summary) == ["copied", "failed", "copied"]
    assert "larger than a file may be" in (summary.files[1].error or "")


MODES = ["copy", "hardlink", "symlink", "move"]


@pytest.mark.parametrize("mode", MODES)
def test_sources_that_vanish_or_change_before_they_are_copied_are_rows(photos: Photos, mode: str) -> None:
    paths = photos.many(6)
    order = [wanted(i, path) for i, path in enumerate(paths)]
    paths[1].unlink()
    paths[2].write_text("changed since")
    paths[3].unlink()
    paths[3].mkdir()
    paths[4].write_text("CONTENT 4")  # of the same size
    summary = photos.copy_wanted(order, mode=mode)
    made = {"copy": "copied", "hardlink": "linked", "symlink": "linked", "move": "moved"}[mode]
    assert statuses(summary) == [made, "failed", "failed", "failed", "failed", made]
    assert set(photos.copies().values()) == {"content 0", "content 5"}
    assert paths[2].read_text() == "changed since"
    assert paths[4].read_text() == "CONTENT 4"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("event", ["vanishes", "changes", "is replaced", "becomes a link"])
def test_a_source_that_meets_with_something_just_before_its_place_is_made(
    photos: Photos, mode: str, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is staged by then. What it was, or has become, is somewhere: both, where they are two files."""
    paths = photos.many(3)
    (photos.sources.parent / "secret").write_text("secret")
    announce = Doer._announce

    def meanwhile(doer: Doer, intents: Sequence[Intent]) -> list[int]:
        if intents[0].deed in ("place", "take") and paths[1].exists():
            if event != "changes":
                paths[1].unlink()
            if event in ("changes", "is replaced"):
                paths[1].write_text("something else")
            if event == "becomes a link":
                paths[1].symlink_to(photos.sources.parent / "secret")
        return announce(doer, intents)

    with monkeypatch.context() as patch:
        patch.setattr(Doer, "_announce", meanwhile)
        photos.copy(paths, mode=mode)
    found = {path.read_text() for path in photos.sources.parent.rglob("*.jpg") if path.exists()}
    assert found >= {"content 0", "content 2"}
    if event in ("changes", "is replaced"):
        assert "something else" in found
    if mode == "copy" or (mode != "symlink" and event != "changes"):
        assert "content 1" in found
    assert (photos.sources.parent / "secret").read_text() == "secret"
    photos.undo()
    found = {path.read_text() for path in photos.sources.parent.rglob("*.jpg") if path.exists()}
    assert found >= {"content 0", "content 2"}
    if event in ("changes", "is replaced"):
        assert "something else" in found
    if mode == "copy" or (mode != "symlink" and event != "changes"):
        assert "content 1" in found


def test_a_source_that_vanishes_while_it_is_linked_is_a_row(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(3)
    hold_link = OutputFolder.hold_link

    def vanishing(folder: OutputFolder, source: bytes, path: bytes) -> None:
        paths[1].unlink(missing_ok=True)
        hold_link(folder, source, path)

    monkeypatch.setattr(OutputFolder, "hold_link", vanishing)
    for mode in ("hardlink", "move"):
        summary = photos.copy([paths[2], paths[1]] if mode == "hardlink" else paths[1:], mode=mode)
        assert "No such file" in "".join(row.error or "" for row in summary.files)
