"""A store knows who uses it, wherever it and they are moved, and whom it can't see."""

import json
import shutil
from multiprocessing import get_context
from pathlib import Path

import pytest

from scripts.lib.embedding.upkeep.users import USERS, forget, gone_users, register, users
from scripts.lib.errors import InputError


def notes(store: Path) -> list[Path]:
    return sorted((store / USERS).iterdir())


def test_a_user_is_noted_once(tmp_path: Path) -> None:
    store, results = tmp_path / "store", tmp_path / "work" / "results"
    for _ in range(2):
        register(store, results)
    (user,) = users(store)
    assert user.results == results
    assert user.is_visible
    register(store, tmp_path / "other" / "results")
    assert {user.results for user in users(store)} == {results, tmp_path / "other" / "results"}


def test_nobody_uses_a_new_store(tmp_path: Path) -> None:
    assert users(tmp_path) == []


def test_a_store_among_the_results_moves_and_is_copied_with_them(tmp_path: Path) -> None:
    results = tmp_path / "work" / "results"
    register(results / "store", results)
    shutil.copytree(tmp_path / "work", tmp_path / "copy")
    (tmp_path / "work").rename(tmp_path / "moved")
    for place in ("copy", "moved"):
        there = tmp_path / place / "results"
        register(there / "store", there)
        (user,) = users(there / "store")
        assert user.results == there
        assert user.is_visible


def test_a_disk_that_is_not_mounted_is_not_the_folder_that_was_meant(tmp_path: Path) -> None:
    store, results = tmp_path / "store", tmp_path / "disk" / "results"
    register(store, results)
    results.rename(tmp_path / "away")
    assert not users(store)[0].is_visible
    results.mkdir()  # the empty place where the disk is mounted
    assert not users(store)[0].is_visible
    register(store, results)  # another folder at the same place: that of another machine
    assert sorted(user.is_visible for user in users(store)) == [False, True]
    results.rename(tmp_path / "aside")
    (tmp_path / "away").rename(results)
    assert sorted(user.is_visible for user in users(store)) == [False, True]


def test_who_is_gone_can_be_forgotten_but_not_who_is_there(tmp_path: Path) -> None:
    store, results = tmp_path / "store", tmp_path / "results"
    register(store, results)
    assert gone_users(store, results) == []
    results.rename(tmp_path / "moved")
    forget(gone_users(store, results))
    assert users(store) == []
    with pytest.raises(InputError, match="does not use the store"):
        gone_users(store, results)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"results": 7}'])
def test_a_note_that_can_not_be_read_is_named(tmp_path: Path, text: str) -> None:
    register(tmp_path / "store", tmp_path / "results")
    (note,) = notes(tmp_path / "store")
    note.write_text(text)
    with pytest.raises(InputError, match=note.name):
        users(tmp_path / "store")


def register_often(store: Path, results: Path) -> None:
    for _ in range(20):
        register(store, results)


def test_who_registers_twice_at_once_is_seen(tmp_path: Path) -> None:
    processes = [
        get_context("spawn").Process(target=register_often, args=(tmp_path / "store", tmp_path / "results"))
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert users(tmp_path / "store")
    assert all(user.is_visible and user.results == tmp_path / "results" for user in users(tmp_path / "store"))


def test_names_of_any_bytes_are_kept(tmp_path: Path) -> None:
    results = tmp_path / "photos \udcff ü" / "results"
    register(tmp_path / "store", results)
    assert users(tmp_path / "store")[0].results == results
    raw = notes(tmp_path / "store")[0].read_text(encoding="utf-8", errors="surrogateescape")
    assert json.loads(raw)["results"] == str(results)
