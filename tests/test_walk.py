"""The walk finds every image once, and survives whatever else there is."""

import os
from pathlib import Path

import pytest

from scripts.lib.files.found import Found, Passed
from scripts.lib.files.status import SKIPPED
from scripts.lib.files.walk import Tree, fingerprint, folders_fingerprint, walk


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(tree: Tree) -> list[str]:
    root = os.fsdecode(tree.roots[0])
    return [os.path.relpath(os.fsdecode(e.path), root) for e in walk(tree) if isinstance(e, Found)]


def passed(tree: Tree) -> list[Passed]:
    return [entry for entry in walk(tree) if isinstance(entry, Passed)]


def tree_of(*roots: Path, **rest: object) -> Tree:
    return Tree([os.fsencode(root) for root in roots], **rest)


def test_finds_images_of_any_case_and_nothing_else(tmp_path: Path) -> None:
    wanted = ["a.jpg", "b.JPEG", "c.Png", "d/e/f.tiff", "d/g.webp", "h.jfif", "i.gif", "j.bmp", "k.TIF"]
    wanted += ["l.HEIC", "m.avif", "n.jxl", "o.CR2", "p.dng", "q.MOV", "r.mkv"]
    make(tmp_path, *wanted, ".hidden.jpg", "._x.jpg", "Thumbs.db", "@eaDir/t.jpg", ".git/u.jpg", "note.txt")
    assert sorted(found(tree_of(tmp_path))) == sorted(wanted)


def test_excludes_names_and_paths(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "a.gif", "thumbs/b.jpg", "x/thumbs/c.jpg", "x/private/d.jpg", "private/e.jpg")
    tree = tree_of(tmp_path, exclude=["*.gif", "thumbs", "x/private"])
    assert found(tree) == ["a.jpg", "private/e.jpg"]


def test_leaves_out_own_folders_however_they_are_named(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "sorted/0000_a.jpg")
    (tmp_path / "alias").symlink_to(tmp_path / "sorted")
    assert found(tree_of(tmp_path, own=[os.fsencode(tmp_path / "sorted")])) == ["a.jpg"]


def test_names_loops_and_dangling_links_and_goes_on(tmp_path: Path) -> None:
    make(tmp_path, "a/b.jpg")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    tree = tree_of(tmp_path)
    assert found(tree) == ["a/b.jpg"]
    reasons = {os.path.basename(p.path): (p.status, p.reason) for p in passed(tree)}
    assert reasons[b"loop"][0] == SKIPPED
    assert "dangling" in reasons[b"gone.jpg"][1]


def test_real_paths_win_over_links(tmp_path: Path) -> None:
    make(tmp_path, "z/a.jpg")
    (tmp_path / "b").symlink_to(tmp_path / "z")
    assert found(tree_of(tmp_path)) == ["z/a.jpg"]


def test_overlapping_roots_give_each_file_once(tmp_path: Path) -> None:
    make(tmp_path, "a/b.jpg", "c.jpg")
    assert sorted(found(tree_of(tmp_path, tmp_path / "a"))) == ["a/b.jpg", "c.jpg"]


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe.mp4")
    pipes = [(p.kind, p.reason) for p in passed(tree_of(tmp_path))]
    assert pipes == [("image", "not a regular file"), ("video", "not a regular file")]


def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff/\xfe.jpg"
    os.mkdir(os.path.dirname(name))
    with open(name, "wb"):
        pass
    os.symlink(b"\xff", os.fsencode(tmp_path) + b"/link")
    assert [e.path for e in walk(tree_of(tmp_path)) if isinstance(e, Found)] == [name]
    assert fingerprint(tree_of(tmp_path)) == fingerprint(tree_of(tmp_path))


def test_former_output_folders_are_left_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "old/.seriatim/ledger.jsonl", "old/0000_a.jpg")
    assert found(tree_of(tmp_path)) == ["a.jpg"]
    assert found(tree_of(tmp_path / "old")) == ["0000_a.jpg"]


def test_times_beyond_tables_are_held_in_them(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    os.utime(tmp_path / "a.jpg", (2**35, 2**35))
    (entry,) = walk(tree_of(tmp_path))
    assert entry.mtime_ns < 2**63


def test_a_question_mark_stands_for_one_character(tmp_path: Path) -> None:
    make(tmp_path, "ä.jpg", "ab.jpg")
    assert found(tree_of(tmp_path, exclude=["?.jpg"])) == ["ab.jpg"]


def test_an_unreadable_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/b.jpg", "c.jpg")
    scandir = os.scandir

    def refusing(folder: bytes) -> object:
        if os.fsdecode(folder).endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    assert found(tree_of(tmp_path)) == ["c.jpg"]
    assert passed(tree_of(tmp_path))[0].reason == "folder can't be read: Permission denied"


@pytest.mark.parametrize("change", ["add", "remove", "rename", "touch", "grow", "permit"])
def test_the_fingerprint_sees_every_change(tmp_path: Path, change: str) -> None:
    make(tmp_path, "a/b.jpg", "c.jpg")
    tree = tree_of(tmp_path)
    before = fingerprint(tree)
    assert fingerprint(tree) == before
    target = tmp_path / "a" / "b.jpg"
    status = target.stat()
    {
        "add": lambda: make(tmp_path, "a/d.jpg"),
        "remove": target.unlink,
        "rename": lambda: target.rename(tmp_path / "a" / "e.jpg"),
        "touch": lambda: os.utime(target, ns=(0, 1)),
        "grow": lambda: (target.write_bytes(b"xx"), os.utime(target, ns=(0, status.st_mtime_ns))),
        "permit": lambda: target.chmod(0o600),
    }[change]()
    assert fingerprint(tree) != before


def test_the_fingerprint_ignores_other_files(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    before = fingerprint(tree_of(tmp_path))
    make(tmp_path, "note.txt", ".hidden.jpg")
    assert fingerprint(tree_of(tmp_path)) == before


def test_the_fingerprint_of_folders_sees_new_and_removed_entries(tmp_path: Path) -> None:
    make(tmp_path, "a/b/c.jpg")
    tree = tree_of(tmp_path)
    before = folders_fingerprint(tree)
    os.utime(tmp_path / "a" / "b", ns=(0, 1))  # what adding a file does, whatever the clock's grain
    assert folders_fingerprint(tree) != before
