"""A disk that fails a store is told in one line; nothing is half there, and the next run loses nothing."""

import errno
import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from scripts import embed
from scripts.lib.artifacts.record import Provenance, checksum, recording
from scripts.lib.embedding.embed import PartSettings, store_all
from scripts.lib.embedding.manifest import read_places
from scripts.lib.embedding.parts import is_intact
from scripts.lib.embedding.store import Store
from scripts.lib.errors import DamagedArtifact, DiskError
from scripts.lib.files.content_ids import id_bytes, list_bytes
from tests.conftest import COLLECTION_SIZE, Workflow, write_pictures
from tests.test_embed import NEVER, batches
from tests.test_places import identified
from tests.test_references import CARD

COUNT, PART = 20, 8
IDS = identified(*range(1, COUNT + 1))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", "abc", 2, "float16")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that is a disk of 256 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mounted("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)):
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def mounted(*arguments: str) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def fill(store: Store, width: int = 2) -> None:
    """Store what is missing of contents 1 to 20; the vector of each is its number, so many times."""
    missing = id_bytes(store.places().without(IDS))
    wanted = [each for each in batches(COUNT) if id_bytes(each.ids)[0] in missing]
    wide = (each._replace(vectors=np.repeat(each.vectors, width // 2, axis=1)) for each in wanted)
    store_all(wide, store, PartSettings(PART, NEVER), lambda count: None)


def stored(store: Store) -> int:
    """Return how many contents are stored, after making sure that all is whole and nothing else is there."""
    for path in store.folder.rglob("*"):
        assert path.suffix == ".arrow"
        ids, vectors = store.read(path.name)
        assert vectors[:, 0].tolist() == [content[0] for content in id_bytes(ids)]
    return len(store.places())


class HalfFile(io.FileIO):
    """A file that takes 300 bytes and not many more."""

    number = errno.ENOSPC

    def write(self, data: object) -> int:
        if self.tell() > 300:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(data)


def failing(real: Callable, call: int, number: int) -> Callable:
    """Return a function that fails at a certain call."""
    calls = iter(range(1, 1000))

    def function(*arguments: object, **options: object) -> object:
        if next(calls) == call:
            raise OSError(number, os.strerror(number))
        return real(*arguments, **options)

    return function


def half_file(real: Callable, call: int, number: int) -> Callable:
    """Return what opens files, at a certain call one that fails after some bytes."""
    calls = iter(range(1, 1000))

    def opened(path: str, mode: str) -> object:
        if next(calls) != call:
            return real(path, mode)
        file = HalfFile(path, mode)
        file.number = number
        return file

    return opened


STEPS = {  # what fails while the second part is written, and how many contents are stored by then
    "folder": (os, "mkdir", failing, 1, 0),
    "open": (pa, "OSFile", failing, 2, PART),
    "write": (pa, "OSFile", half_file, 2, PART),
    "flush": (os, "fsync", failing, 3, PART),
    "rename": (os, "replace", failing, 2, PART),
    "flush of the folder": (os, "fsync", failing, 4, 2 * PART),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_at_any_step_nothing_is_half_there_and_nothing_lost(store: Store, step: str, number: int) -> None:
    module, name, fault, call, count = STEPS[step]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, fault(getattr(module, name), call, number))
        with pytest.raises(DiskError, match=f"{store.folder} can't be written") as told:
            fill(store)
    assert "\n" not in str(told.value)
    assert stored(store) == count
    fill(store)
    assert stored(store) == COUNT


def test_a_disk_that_is_really_full_is_told_with_its_room(small_disk: Path) -> None:
    store = Store(small_disk / "store", "abc", 5000, "float16")  # 80 KB a part
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(100_000))
    with pytest.raises(DiskError, match=r"disk is full \(0\.\d MB free, 0\.1 MB needed\)\. Make room"):
        fill(store, 5000)
    assert stored(store) == PART
    ballast.unlink()
    fill(store, 5000)
    assert stored(store) == COUNT


def test_a_full_disk_stops_the_run_in_one_line_and_the_next_one_goes_on(
    workflow: Workflow, small_disk: Path
) -> None:
    write_pictures(workflow.images, COLLECTION_SIZE)
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    failed = workflow.run("embeddings", check=False, store=small_disk)
    assert failed.returncode == 1
    (line,) = (line for line in failed.stderr.splitlines() if line.startswith("seriatim: "))
    for expected in (str(small_disk), "can't be written: its disk is full", "Make room", "embed/0.log"):
        assert expected in line
    ballast.unlink()
    workflow.run("embeddings", store=small_disk)
    log = workflow.log_of("embed").read_text()
    assert f"{COLLECTION_SIZE} contents, 0 of them in the store" in log


def job_of(folder: Path, store: Path, numbers: list[int]) -> SimpleNamespace:
    """Return the embed job of contents, as a rule gives it, after writing what it reads."""
    provenance = Provenance("scan", 1)
    with recording(folder / "model.json", provenance) as temporary:
        temporary.write_text(json.dumps(CARD.to_json()))
    with recording(folder / "0.parquet", provenance) as temporary:
        temporary.write_bytes(list_bytes(identified(*numbers)))
    return SimpleNamespace(
        input=SimpleNamespace(model=folder / "model.json", ids=folder / "0.parquet"),
        output=SimpleNamespace(manifest=folder / "results" / "photos" / "made" / "embed" / "0.parquet"),
        params=SimpleNamespace(version=1, again=False, store=str(store), retry=""),
        wildcards=SimpleNamespace(partition="0"),
        log=[str(folder / "embed.log")],
        config={"part_size": PART, "part_seconds": NEVER, "batch_size": "auto"},
    )


def test_a_store_that_is_read_only_is_told_before_an_image_is_decoded(
    tmp_path: Path,
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("scripts.lib.run.stage.die_with_parent", lambda: None)
    monkeypatch.setattr(embed, "embedded", lambda *_: pytest.fail("an image was decoded"))
    Store(small_disk, CARD.fingerprint, 2, "float16").append(identified(1, 2), np.ones((2, 2)))
    assert mounted("-o", "remount,ro", str(small_disk))
    with pytest.raises(SystemExit):
        embed.main(job_of(tmp_path, small_disk, [1, 2, 3]))
    *_, line = capsys.readouterr().err.splitlines()
    assert f"{small_disk}/{CARD.fingerprint} can't be written: its disk is mounted read-only" in line
    job = job_of(tmp_path, small_disk, [1, 2])
    embed.main(job)
    assert len(read_places([job.output.manifest])) == 2, "what has only to be read can be used"
    assert "the store does not know that it is used from here" in Path(job.log[0]).read_text()


def test_a_part_that_can_not_be_read_for_now_stays_where_it_is(store: Store) -> None:
    fill(store)
    for number in (errno.EACCES, errno.EMFILE, errno.EIO):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pa, "memory_map", failing(pa.memory_map, 2, number))
            with pytest.raises(DiskError, match=f"can't be read: {os.strerror(number)}"):
                store.places()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scripts.lib.embedding.parts.checksum", failing(checksum, 1, errno.EACCES))
        with pytest.raises(DiskError, match="can't be read"):
            store.read(store.parts()[0].name)
    assert stored(store) == COUNT


def test_a_part_that_became_a_folder_counts_for_nothing(store: Store) -> None:
    fill(store)
    victim = store.parts()[0]
    victim.unlink()
    victim.mkdir()
    assert not is_intact(victim)
    assert len(store.places()) == COUNT - PART
    assert not victim.exists()
    fill(store)
    assert len(store.places()) == COUNT


def test_a_part_that_went_meanwhile_is_named(store: Store) -> None:
    fill(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pa, "memory_map", failing(pa.memory_map, 1, errno.ENOENT))
        with pytest.raises(DamagedArtifact, match="is gone"):
            store.read(store.parts()[0].name)


def test_two_who_find_the_same_damage_are_both_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    part = store.append(IDS, np.zeros((COUNT, 2)))
    path = store.folder / part
    path.write_bytes(b"damaged")
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: (real(*names), real(*names)))
    with pytest.raises(DamagedArtifact, match="set aside"):
        store.read(part)
    assert [each.name for each in store.folder.iterdir()] == [f"{part}.damaged"]


def test_a_part_that_goes_while_parts_are_listed_is_no_error(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, going = (store.folder / store.append(ids, np.zeros((1, 2))) for ids in (IDS[:1], IDS[1:2]))
    monkeypatch.setattr(Path, "glob", lambda *_: [there, going])
    going.unlink()
    assert id_bytes(store.places().ids) == id_bytes(IDS[:1])
