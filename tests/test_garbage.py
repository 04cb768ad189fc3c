"""Garbage is what nobody needs; nothing goes while a user of the store can't be asked."""

import os
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.garbage import (
    Garbage,
    check_parts,
    collect,
    find_garbage,
    lines,
    size_of,
    visible_results,
)
from scripts.lib.embedding.upkeep.references import Needs
from scripts.lib.embedding.upkeep.users import register, users
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import id_bytes
from tests.test_places import identified
from tests.test_verify import alter

CARD = ModelCard("made", 2, "float16", 1)
UNUSED = "f" * 16
DAY = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Store:
    """Return a store in which contents 1 to 9 lie in three parts, and other files that may lie there."""
    store = Store(folder, CARD.fingerprint, 2, "float16")
    for first in (1, 4, 7):
        store.append(identified(*range(first, first + 3)), np.full((3, 2), first))
    Store(folder, UNUSED, 2, "float16").append(identified(1), np.zeros((1, 2)))
    register(folder, folder.parent / "results")
    (folder / "notes of mine").mkdir()
    (folder / "notes of mine" / "x.arrow").touch()
    return store


def garbage_of(folder: Path, *numbers: int) -> Garbage:
    """Return the garbage of the store where the contents of these numbers are needed."""
    return find_garbage(folder, {CARD.fingerprint: Needs("made", 2, "float16", identified(*numbers))}, 3)


def clear(folder: Path, *numbers: int, unused: bool = False) -> None:
    collect(garbage_of(folder, *numbers), unused, lambda parts: None)


def test_what_nobody_needs_goes(folder: Path, store: Store) -> None:
    (model,) = garbage_of(folder, 1, 2, 3, 5).models
    assert (model.plan.vectors, model.bytes) == (5, 5 * 36)
    clear(folder, 1, 2, 3, 5)
    assert id_bytes(store.places().ids) == id_bytes(identified(1, 2, 3, 5))
    assert len(store.parts()) == 2
    clear(folder)
    assert store.parts() == []


def test_a_model_that_nobody_uses_goes_only_on_demand(folder: Path, store: Store) -> None:
    assert garbage_of(folder).unused == [folder / UNUSED]
    clear(folder)
    assert len(list((folder / UNUSED).iterdir())) == 1
    (folder / UNUSED / "mine").touch()
    clear(folder, unused=True)
    assert [path.name for path in (folder / UNUSED).iterdir()] == ["mine"]
    (folder / UNUSED / "mine").unlink()
    clear(folder, unused=True)
    assert not (folder / UNUSED).exists()
    assert (folder / "notes of mine" / "x.arrow").exists(), "only folders of models are looked into"


def test_what_killed_writers_left_goes_and_damage_after_a_day(folder: Path, store: Store) -> None:
    dead = [store.folder / ".0123.tmp", folder / "users" / ".a.json.tmp"]
    fresh, old = store.folder / "a.arrow.damaged", store.folder / "b.arrow.damaged"
    for path in (*dead, fresh, old):
        path.touch()
    stat = Path.stat
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "stat", lambda path, **_: aged(stat(path), DAY + 9 if path == old else 9))
        assert garbage_of(folder, *range(1, 10)).leftovers == sorted([*dead, old])
        clear(folder, *range(1, 10))
    assert fresh.exists()
    assert not any(path.exists() for path in (*dead, old))
    assert len(store.parts()) == 3


def aged(status: os.stat_result, seconds: float) -> os.stat_result:
    """Return the status of a file that was renamed or changed so many seconds before it was."""
    times = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
    return os.stat_result(tuple(status), times | {"st_ctime": times["st_ctime"] - seconds})


def test_parts_are_checked_before_anything_goes(folder: Path, store: Store) -> None:
    victim = store.parts()[1]
    alter(victim)
    counted: list[int] = []
    (problem,) = check_parts(folder, counted.append)
    assert victim.name in problem
    assert sum(counted) == 4
    assert victim not in store.parts()
    assert check_parts(folder, counted.append) == []


def test_a_user_that_can_not_be_seen_is_named(folder: Path, store: Store) -> None:
    results = folder.parent / "results"
    assert visible_results(users(folder)) == [results]
    results.rename(folder.parent / "unmounted")
    with pytest.raises(InputError, match=f"{results}.*can't be seen.*FORGET"):
        visible_results(users(folder))


def test_everything_is_told_in_words_and_numbers(folder: Path, store: Store) -> None:
    (store.folder / ".0123.tmp").write_bytes(bytes(1_500_000))
    model, unused, left = lines(garbage_of(folder, 1, 2, 3, 5), unused=False)
    assert "5 vectors" in model
    assert "2 parts become 1" in model
    assert "MODELS=unused" in unused
    assert "MODELS=unused" not in list(lines(garbage_of(folder), unused=True))[1]
    assert left.endswith("1 (1.5 MB)")


def test_the_size_of_a_store_is_that_of_its_files(folder: Path, store: Store) -> None:
    before = size_of(folder)
    (store.folder / ".0123.tmp").write_bytes(bytes(1000))
    assert size_of(folder) == before + 1000
