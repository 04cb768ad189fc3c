"""The command that puts a store in order: what was sorted stays so, and only what nobody needs is gone."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.occupancy import occupying
from scripts.lib.embedding.upkeep.users import register, users
from scripts.lib.files.content_ids import id_bytes
from scripts.store_gc import main
from tests.conftest import Workflow, write_pictures
from tests.test_places import identified
from tests.test_references import CARD, write_card, write_list
from tests.test_verify import alter


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return a shared store with contents 1 to 9, of which `here` needs 1 to 3 and `there` 3 to 5."""
    store = Store(tmp_path / "disk" / "store", CARD.fingerprint, 2, "float16")
    for first in (1, 4, 7):
        store.append(identified(*range(first, first + 3)), np.full((3, 2), first))
    for place, numbers in (("here", (1, 2, 3)), ("there", (3, 4, 5))):
        write_card(tmp_path / place / "results")
        write_list(tmp_path / place / "results", 0, *numbers)
        register(tmp_path / "disk" / "store", tmp_path / place / "results")
    monkeypatch.chdir(tmp_path / "here")
    return store


def gc(store: Store, *arguments: str) -> int:
    return main(["--store", str(store.folder.parent), *arguments])


def contents(store: Store) -> list[bytes]:
    return id_bytes(store.places().ids)


def test_what_one_of_several_working_folders_needs_stays(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gc(store) == 0
    assert contents(store) == id_bytes(identified(1, 2, 3, 4, 5))
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"made ({CARD.fingerprint}): 4 vectors")
    assert said[-1].endswith("MB are free again")


def test_a_dry_run_changes_nothing(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree("../there")
    folder = store.folder.parent
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert gc(store, "--dry-run", "--unused-models", "--forget", "../there/results") == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "lock"} == before
    assert "6 vectors" in capsys.readouterr().out


def test_the_working_folder_counts_though_it_is_not_noted(store: Store) -> None:
    for user in users(store.folder.parent):
        user.note.unlink()
    assert gc(store) == 0
    assert contents(store) == id_bytes(identified(1, 2, 3))


def test_who_can_not_be_seen_stops_it_until_it_is_forgotten(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in ("there", "else"):
        register(store.folder.parent, store.folder.parents[2] / place / "results")
    for place in ("there", "else"):
        shutil.rmtree(store.folder.parents[2] / place)
    for place in ("there", "else"):
        assert gc(store) == 1
        assert f"{place}/results (on " in capsys.readouterr().err
        assert len(contents(store)) == 9
        gc(store, "--forget", f"../{place}/results")
        capsys.readouterr()
    assert contents(store) == id_bytes(identified(1, 2, 3))
    assert gc(store) == 0


def test_it_does_not_begin_while_a_job_is_at_work(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    with occupying(store.folder.parent, print):
        assert gc(store) == 1
    assert capsys.readouterr().err.startswith("seriatim: store_gc failed: Another process is at work")
    assert len(contents(store)) == 9


def test_a_store_that_is_not_there_is_named_and_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 1
    assert "There is no store results/store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_store_of_the_configuration_is_meant(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    Path("config").mkdir()
    Path("config/config.yaml").write_text("store: ../disk/store\n")
    assert main([]) == 0
    assert len(contents(store)) == 5
    Path("config/config.yaml").write_text("stores: ../disk/store\n")
    assert main([]) == 1
    assert "the nearest is 'store'" in capsys.readouterr().err


def test_a_sorted_collection_stays_sorted(collection: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(collection.folder)
    write_pictures(collection.images, 3, first=50)
    for path in sorted(collection.images.iterdir())[:6]:
        path.unlink()
    collection.run()
    matrix = (collection.model / "vectors.npy").read_bytes()
    assert collection.embedded() == 23
    assert main([]) == 0
    assert collection.embedded() == 17
    assert collection.jobs() == {}
    assert collection.jobs("gather", "--forcerun", "gather") == {"gather": 1}
    assert (collection.model / "vectors.npy").read_bytes() == matrix
    assert collection.embedded() == 17


def test_the_vectors_of_a_killed_job_stay(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workflow.folder)
    write_pictures(workflow.images, 40)
    workflow.kill_in("embed")
    embedded = workflow.embedded()
    assert embedded > 0
    assert main([]) == 0
    assert workflow.embedded() == embedded
    workflow.run("embeddings")
    assert workflow.embedded() == 40


def test_damage_is_told_and_set_aside(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    alter(store.parts()[0])
    assert gc(store) == 0
    assert "was set aside as *.damaged" in capsys.readouterr().out
    assert contents(store) == id_bytes(identified(4, 5))
