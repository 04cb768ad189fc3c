import errno
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from blake3 import blake3

from scripts.lib.errors import OutputError
from scripts.lib.files import placement
from scripts.lib.files.check import Finding, check_copies
from scripts.lib.files.copy import copy_in_order
from scripts.lib.files.execute import CopySettings, CopySummary
from scripts.lib.files.placement import LOCK, OutputFolder, locked
from scripts.lib.files.plan import Wanted


class Photos:
    """Sources in one folder, copies in another."""

    def __init__(self, base: Path) -> None:
        self.sources = base / "sources"
        self.output = base / "output"
        self.sources.mkdir()

    def make(self, name: str | bytes, content: str) -> Path:
        path = self.sources / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        time = 1_500_000_000_000_000_007 + int.from_bytes(blake3(content.encode()).digest(5))
        os.utime(path, ns=(time, time))
        return path

    def many(self, count: int) -> list[Path]:
        return [self.make(f"{i}.jpg", f"content {i}") for i in range(count)]

    def copy(self, paths: Sequence[Path], **settings) -> CopySummary:
        return self.copy_wanted([wanted(i, path) for i, path in enumerate(paths)], **settings)

    def copy_wanted(self, order: Sequence[Wanted], name: str = "photos", **settings) -> CopySummary:
        done: list[int] = []
        chosen = CopySettings(self.output, name, **{"threads": 2, "batch_files": 3} | settings)
        summary = copy_in_order(order, chosen, done.append)
        assert sum(done) == len(order)
        return summary

    def copies(self) -> dict[str, str]:
        """Return what is in the output folder, without what it hides."""
        visible = [path for path in self.output.iterdir() if not path.name.startswith(".")]
        return {path.name: path.read_text() for path in visible}

    def set_aside(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.output / ".removed").iterdir()}


def wanted(position: int, path: Path) -> Wanted:
    content = blake3(path.read_bytes()).digest() if path.is_file() else bytes(32)
    return Wanted(position, os.fsencode(path), content)


def statuses(summary: CopySummary) -> list[str]:
    return [row.status for row in summary.files]


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return every file of a folder: mode, time and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            state = path.lstat()
            found[str(path)] = (state.st_mode, state.st_mtime_ns, path.read_bytes())
    return found


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has no hard links."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


def test_copies_have_bytes_time_and_permissions_of_their_sources(photos: Photos) -> None:
    paths = photos.many(7)
    paths[3].chmod(0o640)
    paths[4].chmod(0o4755)
    before = tree(photos.sources)
    summary = photos.copy(paths)
    assert statuses(summary) == ["copied"] * 7
    assert tree(photos.sources) == before
    for row, path in zip(summary.files, paths, strict=True):
        copy = photos.output / os.fsdecode(row.target)
        assert copy.name == f"{row.position:04}_{path.name}"
        assert copy.read_bytes() == path.read_bytes()
        assert copy.stat().st_mtime_ns == path.stat().st_mtime_ns
        assert stat.S_IMODE(copy.stat().st_mode) == path.stat().st_mode & 0o777
        assert copy.stat().st_nlink == 1
    assert not list((photos.output / ".seriatim/tmp").iterdir())
    assert check_copies(photos.output) == []


def test_an_empty_order_makes_no_copies(photos: Photos) -> None:
    assert photos.copy([]) == CopySummary([], [], [], [])
    assert photos.copies() == {}


def test_the_result_does_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    results = []
    for threads in (1, 4):
        (tmp_path / str(threads)).mkdir()
        photos = Photos(tmp_path / str(threads))
        summary = photos.copy(photos.many(20), threads=threads, batch_files=6)
        ledger = (photos.output / ".seriatim/ledger.jsonl").read_text()
        here = str(photos.sources)
        results.append((statuses(summary), photos.copies(), ledger.replace(here, "")))
    assert results[0] == results[1]


def test_awkward_and_equal_names(photos: Photos) -> None:
    names = [b"a/x.jpg", b"b/x.jpg", b"\xff\xfe.jpg", b"new\nline.jpg", b"'\"{}$.jpg", b"-rf.jpg"]
    names += ["žluť\u202e.jpg".encode(), b"n" * 251 + b".jpg"]
    paths = [photos.make(name, f"{i}") for i, name in enumerate(names)]
    summary = photos.copy(paths)
    assert statuses(summary) == ["copied"] * len(names)
    assert sorted(photos.copies().values()) == sorted(str(i) for i in range(len(names)))
    assert statuses(photos.copy(paths)) == ["kept"] * len(names)


def test_five_digits_for_positions_beyond_9999(photos: Photos) -> None:
    path = photos.make("a.jpg", "a")
    photos.copy_wanted([wanted(10_000, path), wanted(0, path)])
    assert set(photos.copies()) == {"10000_a.jpg", "00000_a.jpg"}


def test_a_second_run_keeps_and_does_not_write(photos: Photos) -> None:
    paths = photos.many(5)
    photos.copy(paths)
    before = tree(photos.output)
    assert statuses(photos.copy(paths)) == ["kept"] * 5
    assert tree(photos.output) == before


def test_unknown_contents_are_copied_and_then_kept(photos: Photos) -> None:
    order = [Wanted(i, os.fsencode(path), None) for i, path in enumerate(photos.many(4))]
    assert statuses(photos.copy_wanted(order)) == ["copied"] * 4
    assert statuses(photos.copy_wanted(order)) == ["kept"] * 4
    photos.make("2.jpg", "another content")
    assert statuses(photos.copy_wanted(order)) == ["kept", "kept", "copied", "kept"]
    assert photos.copies()["0002_2.jpg"] == "another content"
    assert list(photos.set_aside().values()) == ["content 2"]


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


def test_a_lost_copy_is_made_again(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths)
    (photos.output / "0001_1.jpg").unlink()
    assert check_copies(photos.output) == [Finding(b"0001_1.jpg", "missing")]
    assert statuses(photos.copy(paths)) == ["kept", "copied", "kept"]
    assert check_copies(photos.output) == []


def test_an_altered_copy_is_set_aside_and_made_again(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths)
    (photos.output / "0001_1.jpg").write_text("edited by hand")
    assert check_copies(photos.output) == [Finding(b"0001_1.jpg", "altered")]
    summary = photos.copy(paths)
    assert statuses(summary) == ["kept", "copied", "kept"]
    assert photos.set_aside() == {"0001_1.jpg": "edited by hand"}
    assert [aside.reason for aside in summary.set_aside] == ["it was altered after it was copied"]
    assert photos.copies()["0001_1.jpg"] == "content 1"


def test_an_altered_copy_that_left_the_order_is_set_aside(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    (photos.output / "0001_1.jpg").write_text("edited by hand")
    assert photos.copy(paths[:1]).removed == []
    assert photos.set_aside() == {"0001_1.jpg": "edited by hand"}


def test_a_touched_copy_is_kept_and_hashed_only_once(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    os.utime(photos.output / "0000_0.jpg", ns=(1, 1))
    assert statuses(photos.copy(paths)) == ["kept", "kept"]
    ledger = (photos.output / ".seriatim/ledger.jsonl").read_bytes()
    photos.copy(paths)
    assert (photos.output / ".seriatim/ledger.jsonl").read_bytes() == ledger


def test_contents_are_checked_on_demand(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    copy = photos.output / "0000_0.jpg"
    time = copy.stat().st_mtime_ns
    copy.write_text("CONTENT 0")
    os.utime(copy, ns=(time, time))
    assert check_copies(photos.output) == [Finding(b"0000_0.jpg", "altered")]
    assert statuses(photos.copy(paths)) == ["kept", "kept"]
    assert statuses(photos.copy(paths, check_contents=True)) == ["copied", "kept"]
    assert photos.set_aside() == {"0000_0.jpg": "CONTENT 0"}


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


def test_another_collection_is_refused(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    before = tree(photos.output)
    with pytest.raises(OutputError, match="belongs to the collection 'photos'"):
        photos.copy_wanted([wanted(0, paths[1])], name="cats")
    assert tree(photos.output) == before


def test_a_second_copier_is_refused(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    with OutputFolder(photos.output) as folder, locked(folder):
        with pytest.raises(OutputError, match="Another run"):
            photos.copy(paths)
        assert folder.lstat(LOCK) is not None
    photos.copy(paths)


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


def test_a_copy_that_reads_back_differently_fails(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
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


@pytest.mark.parametrize(
    "place", [".seriatim", ".removed", ".seriatim/tmp", ".seriatim/ledger.jsonl"]
)
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


def test_too_little_space_is_known_before_copying(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(OutputError, match="GB free"):
        photos.copy(photos.many(3))
    assert photos.copies() == {}


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = photos.many(9)
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if bytes(data) == b"content 5":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OutputError, match="No space left"):
            photos.copy(paths)
    assert not list((photos.output / ".seriatim/tmp").iterdir())
    assert statuses(photos.copy(paths)) == ["kept"] * 3 + ["copied"] * 6


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


def test_a_copy_edited_just_before_its_removal_stays(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_without_syncfs_every_file_is_flushed(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []
    fsync = os.fsync
    monkeypatch.setattr(placement, "SYNCFS", None)
    monkeypatch.setattr(os, "fsync", lambda fd: (flushed.append(os.fstat(fd).st_ino), fsync(fd)))
    photos.copy(photos.many(5))
    inodes = {path.stat().st_ino for path in photos.output.glob("0*")}
    assert inodes <= set(flushed)


def test_positions_are_not_shared(photos: Photos) -> None:
    path = photos.make("a.jpg", "a")
    with pytest.raises(ValueError, match="positions"):
        photos.copy_wanted([wanted(0, path), wanted(0, path)])


def test_an_output_without_ledger_has_no_copies_to_check(tmp_path: Path) -> None:
    assert check_copies(tmp_path / "none") == []
    (tmp_path / "0000_a.jpg").write_text("foreign")
    assert check_copies(tmp_path) == []
