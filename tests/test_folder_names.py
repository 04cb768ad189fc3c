"""Any text makes a name for a folder: one that every system takes, that is not hidden, and no other's."""

import itertools
import os
import random
from pathlib import Path

import pytest

from scripts.lib.output.naming.folder_names import Folder, Part, folder_name, folder_paths, given_name
from scripts.lib.output.naming.portable_names import folded, is_device, portable
from scripts.lib.output.placement import HOME, REMOVED

WORDS = [
    b"",
    b".",
    b"..",
    b"...",
    b".seriatim",
    b".Removed",
    b".hidden",
    b"CON",
    b"nul",
    b"com1.txt",
    b"Lpt9 ",
    b"/",
    b"../../etc",
    b"nature/beach",
    b"a\0b\nc\x1b[2J",
    b"trailing. . ",
    b" leading",
    b"beach",
    b"Beach",
    b"BEACH",
    b"beach 2",
    "Küste".encode(),
    "Ku\u0308ste".encode(),
    "KÜSTE".encode(),
    "\u202ehcaeb".encode(),
    b"\xff\xfe",
    b"x" * 300,
    b"x" * 299 + b"y",
    "ü".encode() * 200,
    b"x" * 254 + b" y",
    b"0000-0099",
    b"=cmd|' !A0'",
    b"CON" + b" " * 300,
]


def is_safe(name: bytes, limit: int) -> bool:
    return (
        0 < len(name) <= limit
        and b"/" not in name
        and not name.startswith(b".")
        and portable(name) == name
        and not is_device(name)
        and folded(name) not in (folded(HOME), folded(REMOVED))
    )


@pytest.mark.parametrize("limit", [255, 143, 20])
@pytest.mark.parametrize("word", WORDS)
def test_every_word_makes_a_name(word: bytes, limit: int) -> None:
    assert is_safe(folder_name(word, limit), limit)


@pytest.mark.parametrize("word", [b"beach", "Küste 日本".encode(), b" leading", b"a b'c"])
def test_what_is_a_name_stays_as_it_is(word: bytes) -> None:
    assert folder_name(word) == given_name(word) == word


def test_names_that_are_given_keep_what_their_own_file_system_takes() -> None:
    for name in (b"\xff:?", b"trailing.", b"CON"):
        assert given_name(name) == name
    for name in (b"", b".", b"..", b".seriatim", b".removed", b"0000-0099"):
        assert given_name(name) not in (b"", name)
        assert not given_name(name).startswith(b".")


def test_all_words_at_once_are_so_many_folders_whatever_their_order(tmp_path: Path) -> None:
    folders: list[Folder] = [(Part(word),) for word in WORDS]
    paths = folder_paths(folders, 255)
    assert all(is_safe(path, 255) for folder, path in paths.items() if folder)
    assert len({folded(paths[folder]) for folder in folders}) == len(WORDS)
    for path in map(paths.__getitem__, folders):
        os.mkdir(os.path.join(bytes(tmp_path), path))
    random.Random(0).shuffle(folders)
    assert folder_paths(folders, 255) == paths


def test_below_one_another_each_parent_counts_for_itself() -> None:
    words = [Part(b"a"), Part(b"A"), Part(b"b", given=True), Part(b"..", given=True)]
    folders = [(), *itertools.product(words, repeat=2), (words[0],)]
    paths = folder_paths(folders, 255)
    assert paths[()] == b""
    assert len({folded(path) for path in paths.values()}) == len(paths)
    for folder in folders[1:]:
        assert paths[folder].rpartition(b"/")[0] == paths[folder[:-1]]
    assert paths[Part(b"A"), Part(b"b", given=True)] == b"A/b"


def test_portably_given_names_are_changed_too() -> None:
    folder = (Part(b"a:b", given=True),)
    assert folder_paths([folder], 255)[folder] == b"a:b"
    assert folder_paths([folder], 255, everywhere=True)[folder] == b"a_b"
