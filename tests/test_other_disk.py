"""A store on a disk of its own: shared, kept in order, and missed when the disk is not mounted."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from scripts import embed, gather
from scripts.lib.embedding.embed import Embedded
from scripts.lib.embedding.manifest import read_places
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.occupancy import alone_in, occupying
from scripts.lib.embedding.upkeep.presence import check_present
from scripts.lib.embedding.upkeep.users import users
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import id_bytes
from scripts.store_gc import main as store_gc
from tests.test_references import CARD, write_card, write_list
from tests.test_store_faults import job_of, mounted, small_disk

MORE = [1, 2, 3, 4]
__all__ = ["small_disk"]  # a fixture of another module


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run stages in this process, with made vectors."""
    monkeypatch.setattr("scripts.lib.run.stage.die_with_parent", lambda: None)
    monkeypatch.setattr(embed, "embedded", made)


def made(card: object, missing: np.ndarray, job: object, size: object) -> list[Embedded]:
    return [Embedded(missing, np.array([[each[0]] * 2 for each in id_bytes(missing)], np.float16))]


def gather_job(folder: Path, store: Path) -> SimpleNamespace:
    """Return the job that gathers what `job_of` embeds."""
    model = folder / "results" / "photos" / "made"
    return SimpleNamespace(
        input=SimpleNamespace(model=folder / "model.json", manifests=[str(model / "embed" / "0.parquet")]),
        output=SimpleNamespace(vectors=str(model / "vectors.npy"), item_ids=str(model / "items.parquet")),
        params=SimpleNamespace(version=1, store=str(store)),
        log=[str(folder / "gather.log")],
    )


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.splitlines()[-1]


def test_two_working_folders_share_a_disk_and_its_garbage_is_what_neither_needs(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = small_disk / "store"
    for place, numbers in (("here", [1, 2, 3]), ("there", [2, 3, 4])):
        (tmp_path / place).mkdir()
        embed.main(job_of(tmp_path / place, store, numbers))
        results = tmp_path / place / "results"
        write_card(results)
        write_list(results, 0, *numbers)
    log = (tmp_path / "there" / "embed.log").read_text()
    assert "3 contents, 2 of them in the store" in log
    assert {user.results for user in users(store)} == {
        tmp_path / "here" / "results",
        tmp_path / "there" / "results",
    }
    shutil.rmtree(tmp_path / "there")
    monkeypatch.chdir(tmp_path / "here")
    assert store_gc(["--store", str(store)]) == 1
    assert str(tmp_path / "there") in said(capsys)
    with occupying(store, print), pytest.raises(InputError, match="at work"), alone_in(store):
        pass
    assert store_gc(["--store", str(store), "--forget", str(tmp_path / "there" / "results")]) == 0
    assert len(Store(store, CARD.fingerprint, 2, "float16").places()) == 3


@pytest.mark.parametrize("below", ["", "store"])
def test_what_is_not_mounted_is_missed_and_nothing_is_made_in_its_place(
    tmp_path: Path, small_disk: Path, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    store = small_disk / below
    job = job_of(tmp_path, store, [1, 2, 3])
    embed.main(job)
    gather.main(gather_job(tmp_path, store))
    assert np.load(tmp_path / "results/photos/made/vectors.npy").tolist() == [[1, 1], [2, 2], [3, 3]]
    with not_mounted(small_disk, tmp_path / "empty") as place:
        with pytest.raises(SystemExit):
            gather.main(gather_job(tmp_path, store))
        assert "Is a disk not mounted?" in said(capsys)
        with pytest.raises(SystemExit):
            embed.main(job_of(tmp_path, store, MORE))
        assert "Is a disk not mounted?" in said(capsys)
        assert not list(place.iterdir())
        assert job.output.manifest.exists()
        anew = job_of(tmp_path, store, MORE)
        anew.params.again = True
        embed.main(anew)
        assert len(read_places([job.output.manifest])) == 4
    embed.main(job_of(tmp_path, store, MORE))
    assert "4 contents, 3 of them in the store" in (tmp_path / "embed.log").read_text()


@contextmanager
def not_mounted(disk: Path, place: Path) -> Iterator[Path]:
    """Have another, empty folder in the place of a disk."""
    place.mkdir()
    assert mounted("--bind", str(place), str(disk))
    try:
        yield place
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_above_that_is_not_there_is_named(tmp_path: Path) -> None:
    results = tmp_path / "results"
    with pytest.raises(InputError, match=f"There is no folder {tmp_path / 'disk'}, .*Mount it"):
        check_present(tmp_path / "disk" / "store" / "abc", results, [])
    check_present(results / "store" / "abc", results, [])
    check_present(tmp_path / "store" / "abc", results, [])
    assert not list(tmp_path.iterdir())
