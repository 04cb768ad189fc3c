"""Tars as if they were folders: every format, every kind of entry, damage, and nothing that leads out."""

import gzip
import io
import os
import random
import tarfile
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from scripts.lib.errors import InputError
from scripts.lib.files.found import Found, Passed
from scripts.lib.files.hashes import hash_cache
from scripts.lib.files.originals import (
    content_of,
    is_file,
    is_member,
    is_readable,
    open_original,
    state_of,
    status_of,
)
from scripts.lib.files.scan import Row, ScanSettings, scan
from scripts.lib.files.sources import check_kinds, roots_named
from scripts.lib.files.status import OK, SKIPPED, UNREADABLE
from scripts.lib.files.tars import index
from scripts.lib.files.tars.headers import DamagedTar, entries
from scripts.lib.files.tars.members import INDEX_FOLDER, INDEXES
from scripts.lib.files.walk import Tree, fingerprint, folders_fingerprint, walk
from tests.films import clip
from tests.shards import TIME, entry, jpeg, write_shard, write_tar

SETTINGS = ScanSettings(pixel_limit=10**6, allow_shrink=False, threads=2, decode_seconds=60)


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(INDEX_FOLDER, raising=False)
    INDEXES.clear()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which indexes are kept."""
    monkeypatch.setenv(INDEX_FOLDER, str(tmp_path / "tars"))
    return tmp_path / "tars"


def tree_of(*roots: Path, **rest: object) -> Tree:
    return Tree([bytes(root) for root in roots], **rest)


def found(tree: Tree) -> dict[str, bytes]:
    """Return the names of what a walk finds below its first root, and the bytes that are read of each."""
    root = tree.roots[0] + b"/"
    paths = [each.path for each in walk(tree) if isinstance(each, Found)]
    return {os.fsdecode(path.removeprefix(root)): content_of(path) for path in paths}


def passed(tree: Tree) -> dict[str, str]:
    root = tree.roots[0] + b"/"
    return {os.fsdecode(e.path.removeprefix(root)): e.reason for e in walk(tree) if isinstance(e, Passed)}


def run(folder: Path, *roots: Path) -> list[Row]:
    with hash_cache(folder / "side.sqlite") as cache:
        return scan(tree_of(*roots), cache, SETTINGS, lambda total, unit: nullcontext(lambda count: None))


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_format_gives_the_bytes_that_were_put_in(tmp_path: Path, format: int) -> None:
    long = (
        "f" * 90 + "/" + "g" * 90 + ".jpg"
    )  # longer than the field of a name, and no longer than ustar bears
    names = ["a.jpg", "b/c.PNG", "ü ' \n.jpg", long, "d.mp4"]
    names += [] if format == tarfile.USTAR_FORMAT else ["h" * 300 + "/i.jpg"]
    members = {name: random.Random(place).randbytes(500 + place) for place, name in enumerate(names)}
    tar = write_tar(tmp_path / "t.tar", {**members, "n.json": b"{}", ".h.jpg": b"x", "._a.jpg": b"x"}, format)
    assert found(tree_of(tar)) == members
    assert passed(tree_of(tar)) == {}


def test_what_the_standard_library_sees_is_found(tmp_path: Path) -> None:
    """An oracle: names, places, sizes and times of any tar that it writes."""
    chance = random.Random(0)
    for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        many = [
            (entry("x" * chance.randrange(1, 95) + f"{n}.jpg", mtime=chance.randrange(2**33)), bytes([n]) * n)
            for n in range(200)
        ]
        tar = write_tar(tmp_path / f"{format}.tar", many, format)
        with tarfile.open(tar) as reader, tar.open("rb") as stream:
            wanted = [(os.fsencode(m.name), m.offset_data, m.size, int(m.mtime) * 10**9) for m in reader]
            seen = entries(stream.fileno(), tar.stat().st_size)
            assert [(e.name, e.start, e.size, e.mtime_ns) for e in seen] == wanted


def test_a_member_is_a_file_of_which_no_byte_around_it_can_be_read(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(5000)
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": b"A" * 3000, "b.jpg": data, "c.jpg": b"C" * 3000})
    member, oracle = open_original(tar / "b.jpg"), io.BytesIO(data)
    chance = random.Random(2)
    for _ in range(300):
        match chance.randrange(4):
            case 0:
                size = chance.choice([-1, 0, 1, 600, 9000])
                assert member.read(size) == oracle.read(size)
            case 1:
                assert member.seek(place := chance.randrange(7000)) == oracle.seek(place)
            case 2:
                assert member.seek(place := -chance.randrange(5000), 2) == oracle.seek(place, 2)
            case 3:
                assert member.tell() == oracle.tell()
    with pytest.raises(io.UnsupportedOperation):
        member.fileno()
    member.close()


def test_a_status_is_that_of_the_header(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", [(entry("a.jpg", mtime=TIME + 0.25, mode=0o4640), b"12345")])
    status = status_of(bytes(tar) + b"/a.jpg")
    assert (status.st_size, status.st_mtime_ns) == (5, TIME * 10**9 + 250_000_000)
    assert status.st_mode == 0o100640
    assert is_member(status)
    assert not is_member(status_of(tar))
    assert is_file(tar / "a.jpg")
    assert is_readable(bytes(tar) + b"/a.jpg")


def test_what_is_not_there_is_said_as_of_any_file(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": b"x"})
    (tmp_path / "b.jpg").write_bytes(b"x")
    for missing, error in [
        (tar / "b.jpg", FileNotFoundError),
        (tar / "a.jpg" / "c.jpg", FileNotFoundError),
        (tmp_path / "none.tar" / "a.jpg", FileNotFoundError),
        (tmp_path / "b.jpg" / "a.jpg", NotADirectoryError),
    ]:
        with pytest.raises(error):
            open_original(missing)
        with pytest.raises(error):
            status_of(missing)
        assert not is_file(missing)


def test_a_folder_may_be_called_like_a_tar(tmp_path: Path) -> None:
    (tmp_path / "f.tar").mkdir()
    (tmp_path / "f.tar" / "a.jpg").write_bytes(b"x")
    inner = write_tar(tmp_path / "f.tar" / "t.tar", {"b.jpg": b"y"})
    assert found(tree_of(tmp_path / "f.tar")) == {"a.jpg": b"x"}
    assert found(tree_of(inner)) == {"b.jpg": b"y"}


def test_links_devices_and_names_never_lead_out(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    hostile = [
        (entry("up/../../secret.jpg"), b"1"),
        (entry("../secret.jpg"), b"2"),
        (entry(str(tmp_path / "secret.jpg")), b"3"),
        (entry("soft.jpg", tarfile.SYMTYPE, str(tmp_path / "secret.jpg")), b""),
        (entry("folder", tarfile.SYMTYPE, str(tmp_path)), b""),
        (entry("folder/secret.jpg"), b"mine"),
        (entry("hard.jpg", tarfile.LNKTYPE, "../secret.jpg"), b""),
        (entry("device.jpg", tarfile.CHRTYPE), b""),
        (entry("pipe.jpg", tarfile.FIFOTYPE), b""),
        (entry("dir.jpg", tarfile.DIRTYPE), b""),
        (entry("old.jpg/"), b""),
        (entry("./a//b/./c.jpg"), b"4"),
    ]
    tar = write_tar(tmp_path / "t" / "t.tar", hostile)
    assert found(tree_of(tar)) == {"a/b/c.jpg": b"4", "folder/secret.jpg": b"mine"}
    reasons = passed(tree_of(tar))
    assert "link" in reasons["soft.jpg"]
    assert reasons["hard.jpg"] == "a link to what is not before it in the tar"
    assert reasons["device.jpg"] == reasons["pipe.jpg"] == "not a regular file"
    out = [name for name, reason in reasons.items() if reason == "its name leads out of the tar"]
    assert len(out) == 3
    for name in out:  # nor when asked for by the very path
        with pytest.raises((FileNotFoundError, NotADirectoryError)):
            open_original(bytes(tar) + b"/" + os.fsencode(name))


def test_hard_links_in_a_tar_are_names_of_what_is_before_them(tmp_path: Path) -> None:
    members = [(entry("n.dat"), b"data"), (entry("a.jpg", tarfile.LNKTYPE, "./n.dat"), b"")]
    assert found(tree_of(write_tar(tmp_path / "t.tar", members))) == {"a.jpg": b"data"}


def test_of_members_of_one_name_the_last_counts(tmp_path: Path) -> None:
    link = entry("b.jpg", tarfile.SYMTYPE, "a.jpg")
    members = [("a.jpg", b"1"), ("./a.jpg", b"2"), ("b.jpg", b"3"), (link, b"")]
    tree = tree_of(write_tar(tmp_path / "t.tar", members))
    assert found(tree) == {"a.jpg": b"2"}
    assert list(passed(tree)) == ["b.jpg"]


def test_what_is_whole_before_the_damage_is_taken(tmp_path: Path) -> None:
    whole = write_tar(tmp_path / "t.tar", {f"{n}.jpg": bytes([n]) * 1000 for n in range(4)})
    data = whole.read_bytes()
    tree = tree_of(whole)
    whole.write_bytes(data[: 2 * 1536 + 700])
    assert list(found(tree)) == ["0.jpg", "1.jpg"]
    assert "truncated: it ends within '2.jpg'" in passed(tree)[str(whole)]
    whole.write_bytes(data[: 2 * 1536])
    assert list(found(tree)) == ["0.jpg", "1.jpg"]
    assert "may be truncated" in passed(tree)[str(whole)]
    whole.write_bytes(data[: 2 * 1536] + b"?" * 512 + data[2 * 1536 + 512 :])
    assert list(found(tree)) == ["0.jpg", "1.jpg"]
    assert "damaged at byte 3,072" in passed(tree)[str(whole)]


def test_no_damage_brings_the_walk_down(tmp_path: Path) -> None:
    """Whatever is altered of a tar, what is found lies in it, and nothing is raised but the one error."""
    names = {"a.jpg": b"x" * 600, "h" * 150 + ".jpg": b"y" * 10, "c.jpg": b"z"}
    chance, tar = random.Random(3), tmp_path / "t.tar"
    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        data = write_tar(tar, names, format).read_bytes()[:9000]
        for _ in range(200):
            broken = bytearray(data[: chance.choice([len(data), chance.randrange(len(data))])])
            for _ in range(chance.randrange(1, 4) if broken else 0):
                block = chance.randrange(-(-len(broken) // 512)) * 512
                broken[min(block + chance.randrange(512), len(broken) - 1)] = chance.randrange(256)
                header = broken[block : block + 512]
                if chance.random() < 0.8 and len(header) == 512:  # with a checksum that is right
                    total = sum(header) - sum(header[148:156]) + 256
                    broken[block + 148 : block + 156] = b"%06o\0 " % total
            tar.write_bytes(broken)
            with tar.open("rb") as stream, suppress(DamagedTar):
                for each in entries(stream.fileno(), len(broken)):
                    assert 0 <= each.start <= each.start + each.size <= len(broken)
            assert all(isinstance(each, Found | Passed) for each in walk(tree_of(tar)))


@pytest.mark.parametrize(
    "fields",
    [
        {"size": "-1"},
        {"size": "9" * 30},
        {"mtime": "nan"},
        {"mtime": "9" * 5000},
        {"mtime": "-1.5"},
        {"path": "a\0b.jpg"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"},
    ],
    ids=str,
)
def test_hostile_extended_headers_give_a_reason_or_a_file(tmp_path: Path, fields: dict[str, str]) -> None:
    bad = entry("a.jpg")
    bad.pax_headers = fields
    tar = write_tar(tmp_path / "t.tar", [(entry("first.jpg"), b"1"), (bad, b"2")])
    everything = list(walk(tree_of(tar)))
    assert bytes(tar) + b"/first.jpg" in {each.path for each in everything if isinstance(each, Found)}
    assert len(everything) == 2
    assert all(abs(each.mtime_ns) < 2**63 for each in everything if isinstance(each, Found))


def test_an_extended_header_without_end_takes_neither_memory_nor_time(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": b"1"})
    long = entry("x", b"x")
    long.size = 1 << 30
    with tar.open("r+b") as stream:
        stream.seek(1024)
        stream.write(long.tobuf(tarfile.USTAR_FORMAT))
        stream.truncate(1 << 31)  # sparse
    assert list(found(tree_of(tar))) == ["a.jpg"]
    assert "1,073,741,824 bytes" in passed(tree_of(tar))[str(tar)]


@pytest.mark.parametrize("data", [b"", b"x", b"\x89PNG" * 500, gzip.compress(os.urandom(4000))])
def test_what_is_no_tar_is_said(tmp_path: Path, data: bytes) -> None:
    tar = tmp_path / "t.tar"
    tar.write_bytes(data)
    reason = passed(tree_of(tar))[str(tar)]
    assert ("compressed by gzip" if data[:2] == b"\x1f\x8b" else "is no tar") in reason


def test_a_tar_that_lies_in_a_folder_is_not_read(tmp_path: Path) -> None:
    write_tar(tmp_path / "backup.tar", {"a.jpg": b"x"})
    (tmp_path / "b.jpg").write_bytes(b"x")
    assert list(found(tree_of(tmp_path))) == ["b.jpg"]


def test_a_tar_of_two_names_is_read_once(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": b"x"})
    (tmp_path / "u.tar").symlink_to(tar)
    both = tree_of(tar, tmp_path / "u.tar")
    assert [each.status for each in walk(both) if isinstance(each, Passed)] == [SKIPPED]


def test_patterns_leave_out_members_and_folders_of_them(tmp_path: Path) -> None:
    names = ["a.jpg", "a.png", "x/thumbs/b.jpg", "x/y/c.jpg"]
    tar = write_tar(tmp_path / "t.tar", dict.fromkeys(names, b"x"))
    assert list(found(tree_of(tar, exclude=["*.png", "thumbs", "x/y"]))) == ["a.jpg"]


def test_the_index_is_made_once_and_kept_for_other_processes(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tar = write_shard(tmp_path / "t.tar", 3)
    members = found(tree_of(tar))
    assert len(list(kept.iterdir())) == 1
    INDEXES.clear()  # as in another process
    monkeypatch.setattr(index, "entries", lambda *tar: pytest.fail("the headers were read again"))
    assert found(tree_of(tar)) == members
    assert content_of(tar / "0001.jpg") == members["0001.jpg"]


@pytest.mark.parametrize("damage", [b"", b"no index", None])
def test_a_side_file_that_is_not_of_this_tar_is_not_believed(
    tmp_path: Path, kept: Path, damage: bytes | None
) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": b"1", "b.jpg": b"2"})
    found(tree_of(tar))
    INDEXES.clear()
    if damage is None:
        status = tar.stat()
        write_tar(tar, {"b.jpg": b"2", "a.jpg": b"1"})
        os.utime(tar, ns=(0, status.st_mtime_ns + 1))
    else:
        next(kept.iterdir()).write_bytes(damage)
    assert found(tree_of(tar)) == {"a.jpg": b"1", "b.jpg": b"2"}
    INDEXES.clear()
    assert found(tree_of(tar)) == {"a.jpg": b"1", "b.jpg": b"2"}


def test_a_tar_that_was_replaced_is_read_anew_in_the_same_process(tmp_path: Path) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.jpg": b"1", "b.jpg": b"22"})
    before = status_of(tar / "b.jpg")
    write_tar(tar, {"b.jpg": b"33", "a.jpg": b"1"})
    os.utime(tar, ns=(0, 1))
    after = status_of(tar / "b.jpg")
    assert content_of(tar / "b.jpg") == b"33"
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    assert state_of(before) != state_of(after)


def test_rows_of_a_tar_are_those_of_the_folder_that_it_was_made_of(tmp_path: Path, kept: Path) -> None:
    folder = tmp_path / "folder"
    members = {"a.jpg": jpeg(1), "b/c.jpg": jpeg(2), "bad.jpg": b"no image", "film.mp4": clip(frames=5)}
    for name, data in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    tar = write_tar(tmp_path / "t.tar", members)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()

    def rows(place: str, root: Path) -> list[tuple[object, ...]]:
        return [
            (
                os.path.relpath(r.path, root),
                r.kind,
                r.size,
                r.content_id,
                r.format,
                r.width,
                r.status,
                r.error,
            )
            for r in run(tmp_path / place, root)
        ]

    assert rows("one", folder) == rows("two", tar)
    assert {row.mtime_ns for row in run(tmp_path / "two", tar)} == {TIME * 10**9}


def test_a_changed_tar_is_hashed_again_although_its_members_have_their_size_and_time(
    tmp_path: Path, kept: Path
) -> None:
    tar = write_tar(tmp_path / "t.tar", {"a.bmp": b"1" * 99, "b.bmp": b"2" * 99})
    first = {row.path: row.content_id for row in run(tmp_path, tar)}
    before = {fingerprint(tree_of(tar)), folders_fingerprint(tree_of(tar))}
    write_tar(tar, {"a.bmp": b"2" * 99, "b.bmp": b"1" * 99})
    os.utime(tar, ns=(0, 1))
    assert before.isdisjoint({fingerprint(tree_of(tar)), folders_fingerprint(tree_of(tar))})
    second = {row.path: row.content_id for row in run(tmp_path, tar)}
    assert sorted(first.values()) == sorted(second.values())
    assert all(first[path] != second[path] for path in first)


def test_side_files_of_tars_that_are_no_more_go(tmp_path: Path, kept: Path) -> None:
    one, two = write_shard(tmp_path / "1.tar", 2), write_shard(tmp_path / "2.tar", 2, first=5)
    run(tmp_path, one, two)
    assert len(list(kept.iterdir())) == 2
    run(tmp_path, one)
    assert len(list(kept.iterdir())) == 1


def test_unreadable_tars_are_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = write_shard(tmp_path / "1.tar", 2), write_shard(tmp_path / "2.tar", 2, first=5)
    opened = os.open

    def refusing(path: bytes, *rest: object, **more: object) -> int:
        if path == bytes(bad):
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refusing)
    rows = {row.path: row for row in run(tmp_path, good, bad)}
    assert rows[str(bad)].status == UNREADABLE
    assert rows[str(bad)].error == "the tar can't be read: Permission denied"
    assert sum(row.status == OK for row in rows.values()) == 2


@pytest.mark.parametrize("name", ["t.tar.gz", "t.tgz", "T.TAR.ZST", "t.tar.xz", "t.tbz2"])
def test_compressed_tars_are_refused_with_a_way_out(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match="Decompress"):
        check_kinds([bytes(tmp_path / name)])


@pytest.mark.parametrize("name", ["a.jpg", "t.zip", "notes.md"])
def test_other_files_are_refused_with_what_can_be_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match="neither a folder"):
        check_kinds([bytes(tmp_path / name)])


def test_braces_stand_for_each_file_and_stars_for_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("s-00.tar", "s-01.tar", "s-10.tar", "photos [1]", "odd {1..2}"):
        Path(name).touch()
    assert roots_named("s-{08..11}.tar") == ["s-08.tar", "s-09.tar", "s-10.tar", "s-11.tar"]
    assert roots_named("{a,b}/{0..1}.tar") == ["a/0.tar", "a/1.tar", "b/0.tar", "b/1.tar"]
    assert roots_named("s-*.tar") == ["s-00.tar", "s-01.tar", "s-10.tar"]
    assert roots_named("{s,t}-*1.tar") == ["s-01.tar", "t-*1.tar"]
    for literal in (
        "photos [1]",
        "odd {1..2}",
        "none-*.tar",
        "{}",
        "{1..}",
        "{2..1}",
        "{a}",
        "{0..99999999999}",
    ):
        assert roots_named(literal) == [literal]
