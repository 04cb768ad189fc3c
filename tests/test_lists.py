"""Lists and tables of files: what they name is found once, whatever they hold."""

import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from scripts.lib.errors import InputError
from scripts.lib.files.brakes import check_roots
from scripts.lib.files.exports import write_csv, write_list
from scripts.lib.files.found import Found, Passed
from scripts.lib.files.hashes import hash_cache
from scripts.lib.files.listed import originals_named
from scripts.lib.files.paths import readable
from scripts.lib.files.scan import Row, ScanSettings, inventory_table, scan
from scripts.lib.files.status import OK, SKIPPED, UNREADABLE
from scripts.lib.files.tars.members import INDEX_FOLDER, INDEXES
from scripts.lib.files.walk import Tree, fingerprint, folders_fingerprint, walk
from tests.conftest import write_pictures
from tests.shards import write_shard, write_tar

SETTINGS = ScanSettings(pixel_limit=10**6, allow_shrink=False, threads=2, decode_seconds=60)
# Whatever a file may be called, but for line breaks; the last is no UTF-8.
ODD = [
    b"# no comment.jpg",
    b" a b .jpg",
    b"~.jpg",
    b"'q\".jpg",
    b"a\\b.jpg",
    b"*[x]{1..2}.jpg",
    "ü.jpg".encode(),
    b"\xff.jpg",
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(INDEX_FOLDER, raising=False)
    INDEXES.clear()


def make(*names: bytes | str) -> None:
    for name in map(os.fsencode, names):
        os.makedirs(os.path.dirname(name) or b".", exist_ok=True)
        with open(name, "wb") as stream:
            stream.write(b"x")


def tree_of(*roots: str, **rest: object) -> Tree:
    return Tree([os.fsencode(root) for root in roots], **rest)


def found(*roots: str, **rest: object) -> list[bytes]:
    return [each.path for each in walk(tree_of(*roots, **rest)) if isinstance(each, Found)]


def passed(*roots: str, **rest: object) -> dict[bytes, tuple[str, str]]:
    every = walk(tree_of(*roots, **rest))
    return {each.path: (each.status, each.reason) for each in every if isinstance(each, Passed)}


def write_lines(name: str, *lines: bytes, end: bytes = b"\n") -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(b"".join(line + end for line in lines))


def write_table(name: str, **columns: Sequence[object]) -> None:
    pq.write_table(pa.table(columns), name)


def run(*roots: str, settings: ScanSettings = SETTINGS, **rest: object) -> list[Row]:
    tree = tree_of(*roots, **rest)
    check_roots(tree, settings.allow_shrink)
    with hash_cache(Path("side.sqlite")) as cache:
        return scan(tree, cache, settings, lambda total, unit: nullcontext(lambda count: None))


def test_a_list_names_files_a_line_each_as_they_are() -> None:
    make(*(b"photos/" + name for name in ODD), "photos/other.jpg")
    write_lines("photos/list.txt", *ODD, b"")
    assert found("photos/list.txt") == [b"photos/" + name for name in ODD]
    assert passed("photos/list.txt") == {}


def test_paths_are_those_of_the_folder_of_the_list_or_else_of_the_working_folder(tmp_path: Path) -> None:
    make("lists/a.jpg", "a.jpg", "b.jpg", "lists/sub/c.jpg", "d.jpg")
    lines = [b"a.jpg", b"b.jpg", b"./sub//c.jpg", bytes(tmp_path / "d.jpg"), b"../lists/a.jpg"]
    write_lines("lists/list.lst", *lines)
    wanted = [b"lists/a.jpg", b"b.jpg", b"lists/sub/c.jpg", bytes(tmp_path / "d.jpg")]
    assert found("lists/list.lst") == wanted  # the last one is the first by another name


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lists_of_other_systems_are_read(end: bytes, mark: bytes) -> None:
    make("a.jpg", "b.jpg")
    Path("l.txt").write_bytes(mark + b"a.jpg" + end + end + b"b.jpg")
    assert found("l.txt") == [b"a.jpg", b"b.jpg"]


def test_a_carriage_return_may_end_a_name() -> None:
    make("a.jpg", b"b.jpg\r")
    write_lines("l.txt", b"a.jpg", b"b.jpg\r")
    assert found("l.txt") == [b"a.jpg", b"b.jpg\r"]


def test_our_own_lists_are_read_back_line_breaks_included() -> None:
    names = [*ODD, b"a\nb.jpg", b"a\\nc.jpg", b"d\n\n.jpg"]
    make(*(b"photos/" + name for name in names))
    paths = pa.chunked_array([pa.array([b"photos/" + name for name in names], pa.binary())])
    Path("results").mkdir()
    assert write_list(paths, Path("results/order.txt")) == 2
    assert found("results/order.txt", own=[b"results"]) == paths.to_pylist()


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("column", ["path", "image_path", "absolute_path", "file_name"])
def test_tables_have_a_column_of_paths(suffix: str, column: str) -> None:
    make("photos/a.jpg", "photos/b, c.jpg", "photos/ü\n.jpg")
    table = pa.table(
        {"url": ["http://x"] * 4, column: ["a.jpg", "b, c.jpg", "ü\n.jpg", ""], "n": [1, 2, 3, 4]}
    )
    (pq.write_table if suffix == "parquet" else pacsv.write_csv)(table, f"photos/t.{suffix}")
    assert found(f"photos/t.{suffix}") == [b"photos/a.jpg", b"photos/b, c.jpg", "photos/ü\n.jpg".encode()]


def test_bytes_of_a_path_come_before_its_text_and_nulls_are_nothing() -> None:
    make("a.jpg", b"\xff.jpg")
    write_table("t.parquet", path=["x", "y", None], path_bytes=[b"a.jpg", None, b"\xff.jpg"])
    assert found("t.parquet") == [b"a.jpg", b"\xff.jpg"]
    write_table("none.parquet", path=pa.nulls(3))
    assert found("none.parquet") == []
    write_table("words.parquet", path=pa.array(["a.jpg", "a.jpg"]).dictionary_encode())
    assert found("words.parquet") == [b"a.jpg"]


def test_our_own_tables_are_read_back() -> None:
    names = [*ODD, b"=x.jpg", b"a\nb.jpg"]
    make(*(b"photos/" + name for name in names))
    paths = sorted(b"photos/" + name for name in names)
    rows = run("photos")
    assert [row.path_bytes for row in rows] == paths
    Path("results").mkdir()
    inventory = inventory_table(rows)
    pq.write_table(inventory, "results/inventory.parquet")
    pq.write_table(inventory.select(["path"]), "results/collection.parquet")
    write_csv(inventory.select(["path", "size"]), Path("results/order.csv"))
    for name in ("inventory.parquet", "collection.parquet", "order.csv"):
        assert found(f"results/{name}", own=[b"results"]) == paths, name
    os.chdir("photos")
    write_csv(pa.table({"path": ["=x.jpg"]}), Path("order.csv"))
    assert found("order.csv") == [b"=x.jpg"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("l.txt", "a.jpg\n".encode("utf-16"), "UTF-16"),
        ("l.txt", b"x" * 70_000, "Line 1 .* one a line"),
        ("t.parquet", b"no table", "can't be read"),
        ("t.parquet", b"", "can't be read"),
        ("t.csv", b"path,b\n1,2,3\n", "can't be read"),
        ("t.csv", b"", "can't be read"),
        ("t.csv", b"url,caption\nhttp://x,y\n", "no column of paths: it has url, caption"),
    ],
)
def test_what_is_no_list_is_an_error_that_names_it(name: str, content: bytes, said: str) -> None:
    Path(name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        run(name)
    assert fingerprint(tree_of(name)) == fingerprint(tree_of(name))  # which is left to the scan


def test_a_table_that_is_cut_short_is_an_error() -> None:
    write_table("t.parquet", path=[f"{n}.jpg" for n in range(1000)])
    Path("t.parquet").write_bytes(Path("t.parquet").read_bytes()[:-500])
    with pytest.raises(InputError, match="can't be read"):
        run("t.parquet")


def test_what_a_list_names_in_vain_are_rows_with_the_reason() -> None:
    write_pictures(Path("photos"), 2)
    make("plain/a")
    os.mkfifo("photos/pipe.jpg")
    os.symlink("self", "photos/self")
    lines = [
        b"image 0.jpg",
        b"gone.jpg",
        b"pipe.jpg",
        b"nu\0ll.jpg",
        b"../plain",
        b"x" * 300,
        b"self",
        b"image 1.jpg/x.jpg",
    ]
    write_lines("photos/l.txt", *lines, b"y/" * 3000)
    rows = {row.path_bytes.removeprefix(b"photos/"): row for row in run("photos/l.txt")}
    assert rows.pop(b"image 0.jpg").status == OK
    assert len(rows) == len(lines)
    assert {row.status for row in rows.values()} == {UNREADABLE}
    assert rows[b"gone.jpg"].error == "is named in photos/l.txt, and can't be read: No such file or directory"
    assert rows[b"pipe.jpg"].error == "not a regular file"
    assert "null" in str(rows[b"nu\0ll.jpg"].error)
    assert "is a folder" in str(rows[b"../plain"].error)


def test_a_file_is_taken_whatever_its_extension() -> None:
    write_pictures(Path("photos"), 1)
    os.rename("photos/image 0.jpg", "photos/image")
    write_lines("photos/l.txt", b"image")
    assert [row.status for row in run("photos/l.txt")] == [OK]


def test_one_row_a_path_whoever_names_it() -> None:
    make("photos/a.jpg", "photos/b.jpg", "photos/.hidden.jpg", "photos/c", "far/d.jpg")
    os.symlink("photos", "alias")
    write_lines(
        "l.txt", b"photos/a.jpg", b"./photos/a.jpg", b"alias/b.jpg", b"photos/c", b"far/../photos/a.jpg"
    )
    write_table("t.parquet", path=["photos/a.jpg", "photos/c", "photos/.hidden.jpg", "far/d.jpg", "none.jpg"])
    roots = ("l.txt", "t.parquet", "photos", "l.txt")
    assert found(*roots) == [
        b"photos/a.jpg",
        b"photos/b.jpg",
        b"photos/c",
        b"photos/.hidden.jpg",
        b"far/d.jpg",
    ]
    assert list(passed(*roots)) == [b"none.jpg"]


def test_patterns_leave_out_what_lists_name() -> None:
    make("photos/a.jpg", "photos/a.gif", "photos/thumbs/b.jpg", "photos/x/y/c.jpg", "far/x/d.jpg")
    lines = [b"a.jpg", b"a.gif", b"thumbs/b.jpg", b"x/y/c.jpg", b"../far/x/d.jpg"]
    write_lines("photos/l.txt", *lines)
    exclude = ["*.gif", "thumbs", "x/y"]
    assert found("photos/l.txt", exclude=exclude) == [b"photos/a.jpg", b"photos/../far/x/d.jpg"]


def test_files_of_ours_are_left_out_and_named() -> None:
    make("sorted/0000_a.jpg", "sorted/deep/b.jpg", "results/photos/c.jpg", "photos/d.jpg")
    os.symlink("../sorted", "photos/link")
    names = [b"sorted/0000_a.jpg", b"photos/link/deep/b.jpg", b"results/photos/c.jpg"]
    write_lines("l.txt", *names, b"photos/d.jpg")
    own = [b"sorted", b"results"]
    assert found("l.txt", own=own) == [b"photos/d.jpg"]
    left = passed("l.txt", own=own)
    assert list(left) == names
    assert {status for status, _ in left.values()} == {SKIPPED}
    assert "to which this program writes" in left[names[0]][1]


def test_moved_files_are_found_in_their_places_and_once(tmp_path: Path) -> None:
    make("sorted/0000_a.jpg", "photos/b.jpg")
    moved = {bytes(tmp_path / "sorted/0000_a.jpg"): bytes(tmp_path / "photos/a.jpg")}
    write_lines("l.txt", b"photos/a.jpg", b"photos/b.jpg", b"sorted/0000_a.jpg")
    every = list(walk(tree_of("l.txt", own=[b"sorted"], moved=moved)))
    assert [each.path for each in every] == [b"photos/b.jpg", bytes(tmp_path / "sorted/0000_a.jpg")]
    assert originals_named([b"l.txt"])[bytes(tmp_path / "photos/a.jpg")] == b"photos/a.jpg"


def test_members_of_tars_may_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INDEX_FOLDER, str(tmp_path / "tars"))
    write_shard(Path("s/1.tar"), 3)
    write_tar(Path("s/2.tar"), {"x/a.jpg": b"x"})
    write_lines("l.txt", b"s/1.tar/0000.jpg", b"s/1.tar/0009.jpg", b"s/1.tar/0002.jpg", b"s/2.tar/x/a.jpg")
    assert found("l.txt") == [b"s/1.tar/0000.jpg", b"s/1.tar/0002.jpg", b"s/2.tar/x/a.jpg"]
    assert "no such image" in passed("l.txt")[b"s/1.tar/0009.jpg"][1]
    assert len(list(Path("tars").iterdir())) == 2
    both = found("s/1.tar", "l.txt")
    assert both == [b"s/1.tar/0000.jpg", b"s/1.tar/0001.jpg", b"s/1.tar/0002.jpg", b"s/2.tar/x/a.jpg"]
    run("l.txt")
    assert len(list(Path("tars").iterdir())) == 2


def test_the_fingerprint_sees_the_files_that_a_list_names() -> None:
    make("photos/a.jpg", "photos/b.jpg")
    write_lines("l.txt", b"photos/a.jpg")
    first = fingerprint(tree_of("l.txt"))
    assert fingerprint(tree_of("l.txt")) == first
    Path("photos/a.jpg").write_bytes(b"other")
    second = fingerprint(tree_of("l.txt"))
    write_lines("l.txt", b"photos/a.jpg", b"photos/b.jpg")
    assert len({first, second, fingerprint(tree_of("l.txt"))}) == 3


def test_the_fingerprint_of_folders_sees_the_list_alone() -> None:
    make("photos/a.jpg")
    write_lines("l.txt", b"photos/a.jpg")
    first = folders_fingerprint(tree_of("l.txt"))
    Path("photos/a.jpg").write_bytes(b"other")
    assert folders_fingerprint(tree_of("l.txt")) == first
    os.utime("l.txt", ns=(0, 1))
    assert folders_fingerprint(tree_of("l.txt")) != first


def test_a_list_of_nothing_that_is_there_stops_the_run() -> None:
    write_lines("l.txt", b"a.jpg", b"b.jpg")
    with pytest.raises(InputError, match=r"None of 2 files of l\.txt can be read; a\.jpg .*working folder"):
        run("l.txt")
    with pytest.raises(InputError, match="There is no folder or file gone"):
        run("gone.txt")


def test_a_list_of_known_files_is_no_new_collection_but_one_that_shrinks_is_stopped() -> None:
    write_pictures(Path("photos"), 6)
    run("photos")
    write_lines("l.txt", *(b"photos/image %d.jpg" % n for n in range(4)))
    assert len(run("l.txt")) == 4
    write_lines("l.txt", b"photos/image 0.jpg")
    with pytest.raises(InputError, match="3 of 4 known files are gone"):
        run("l.txt")
    assert len(run("l.txt", settings=replace(SETTINGS, allow_shrink=True))) == 1


def test_a_missing_list_or_tar_stops_the_run_unless_that_is_meant() -> None:
    write_pictures(Path("photos"), 2)
    with pytest.raises(InputError, match=r"There is no folder or file s-1.tar\. .*allow_shrink=true"):
        run("photos", "s-1.tar")
    assert len(run("photos", "s-1.tar", settings=replace(SETTINGS, allow_shrink=True))) == 3


def test_readings_never_make_a_path_of_another_folder() -> None:
    """What looks like an escape in a name that is there is the name."""
    make(b"a\\x2e.jpg", "a..jpg")
    write_table("t.parquet", path=["a\\x2e.jpg"])
    assert [readable(path) for path in found("t.parquet")] == ["a\\x2e.jpg"]
