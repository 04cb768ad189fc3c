"""Parts are replaced by others, and of the vectors that are needed none is lost, whenever it ends."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scripts import embed
from scripts.lib.embedding.embed import PartSettings, store_all
from scripts.lib.embedding.gather import gather, relocate
from scripts.lib.embedding.manifest import read_places
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.merging import MANY, merge_many, plan_rewriting, rewrite
from scripts.lib.embedding.upkeep.occupancy import occupying
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes
from tests.test_embed import batches
from tests.test_places import identified
from tests.test_references import CARD
from tests.test_store_faults import failing, job_of

PART = 8
IDS = identified(*range(1, 9))


@pytest.fixture(autouse=True)
def without_power_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill loses nothing that was written: what only a power failure needs is left out."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", "abc", 2, "float16")


def vectors_in(store: Store) -> dict[bytes, list[float]]:
    """Return the vector of each content, by the parts themselves: the newest counts."""
    found = {}
    for part in store.parts():
        ids, vectors = store.read(part.name)
        found |= dict(zip(id_bytes(ids), vectors.tolist(), strict=True))
    return found


def sizes(store: Store) -> list[int]:
    return sorted(len(store.read(part.name)[0]) for part in store.parts())


def fill(store: Store, seed: int) -> None:
    """Write parts of unequal sizes, in which contents lie several times with different vectors."""
    random = np.random.default_rng(seed)
    for age in range(12):
        numbers = random.permutation(60)[: random.integers(0, PART + 4)]
        values = np.full((len(numbers), 2), age) + numbers[:, np.newaxis] / 100
        part = store.append(identified(*numbers.tolist()), values)
        os.utime(store.folder / part, ns=(age * 10**9, age * 10**9))


def tidy(store: Store, ids: np.ndarray | None = None) -> None:
    rewrite(store, plan_rewriting(store, PART, ids), lambda parts: None)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_needed_stays_and_nothing_else(store: Store, seed: int) -> None:
    fill(store, seed)
    expected = vectors_in(store)
    needed = identified(*range(0, 60, 2))
    kept = {content: vector for content, vector in expected.items() if content in id_bytes(needed)}
    held = sum(sizes(store))
    plan = plan_rewriting(store, PART, needed)
    assert plan.vectors == held - len(kept)
    counted: list[int] = []
    rewrite(store, plan, counted.append)
    assert sum(counted) == plan.parts
    assert vectors_in(store) == kept
    assert sum(sizes(store)) == len(kept), "each lies once"
    assert len([size for size in sizes(store) if size < PART / 2]) < 2
    assert plan_rewriting(store, PART, needed).parts == 0, "the second time there is nothing to do"


@pytest.mark.parametrize("seed", range(6))
def test_without_ids_every_content_stays(store: Store, seed: int) -> None:
    fill(store, seed)
    expected = vectors_in(store)
    tidy(store)
    assert vectors_in(store) == expected
    assert sum(sizes(store)) == len(expected)


def test_small_parts_are_merged_up_to_the_size_of_one(store: Store) -> None:
    store_all(batches(20), store, PartSettings(3, 1e9), lambda count: None)
    full = store.append(identified(*range(100, 100 + PART)), np.ones((PART, 2)))
    tidy(store)
    assert sizes(store) == [6, 6, PART, PART]
    assert (store.folder / full).exists()


@pytest.mark.parametrize("counts", [[], [1], [PART], [PART, 3], [PART // 2] * 5])
def test_what_is_in_order_is_left_alone(store: Store, counts: list[int]) -> None:
    first = 0
    for count in counts:
        store.append(identified(*range(first, first + count)), np.zeros((count, 2)))
        first += count
    before = {path: path.stat().st_mtime_ns for path in store.parts()}
    tidy(store)
    assert {path: path.stat().st_mtime_ns for path in store.parts()} == before


def test_where_nothing_is_needed_nothing_stays(store: Store) -> None:
    fill(store, 0)
    tidy(store, np.empty(0, ID_DTYPE))
    assert store.parts() == []


def test_a_part_that_comes_out_as_it_was_is_not_removed(store: Store) -> None:
    """A merge that was killed before the old parts went makes the very part that is there already."""
    a, b = (store.append(identified(i), np.full((1, 2), i)) for i in (1, 2))
    copies = {name: (store.folder / name).read_bytes() for name in (a, b)}
    tidy(store)
    (merged,) = store.parts()
    for name, data in copies.items():
        (store.folder / name).write_bytes(data)
        os.utime(store.folder / name, ns=(10**18, 10**18))
    os.utime(merged, ns=(0, 0))  # a clock that went back: the old parts are the newest
    tidy(store)
    assert vectors_in(store) == dict(zip(id_bytes(identified(1, 2)), [[1, 1], [2, 2]], strict=True))
    assert len(store.parts()) == 1


class Death:
    """Counts the calls that change the disk; from the chosen one on, nothing works any more."""

    def __init__(self, moment: int, patch: pytest.MonkeyPatch) -> None:
        self.left = moment
        for name in ("replace", "fsync", "unlink"):
            patch.setattr(os, name, self.counting(getattr(os, name)))

    def counting(self, call: Callable) -> Callable:
        def counted(*args: object, **options: object) -> object:
            self.left -= 1
            if self.left <= 0:
                raise KeyboardInterrupt
            return call(*args, **options)

        return counted


def test_killed_at_any_moment_it_loses_nothing_and_ends_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = identified(*range(0, 60, 2))
    moment, killed = 0, True
    while killed:
        moment += 1
        store = Store(tmp_path / f"{moment}", "abc", 2, "float16")
        fill(store, 1)
        kept = {c: v for c, v in vectors_in(store).items() if c in id_bytes(needed)}
        with monkeypatch.context() as patch:
            Death(moment, patch)
            try:
                tidy(store, needed)
                killed = False
            except KeyboardInterrupt:
                pass
        assert kept.items() <= vectors_in(store).items(), f"killed at call {moment}"
        tidy(store, needed)
        assert vectors_in(store) == kept
        assert sum(sizes(store)) == len(kept)
    assert moment > 20


def test_manifests_stay_true_and_the_matrix_the_same(tmp_path: Path, store: Store) -> None:
    places, _ = store_all(batches(20), store, PartSettings(3, 1e9), lambda count: None)
    before = gather(places, store, tmp_path / "before.npy", lambda n: None)
    tidy(store, identified(*range(1, 21)))
    after = gather(relocate(places, store), store, tmp_path / "after.npy", lambda n: None)
    assert (tmp_path / "before.npy").read_bytes() == (tmp_path / "after.npy").read_bytes()
    np.testing.assert_array_equal(before.rows, after.rows)


def test_a_damaged_part_is_found_before_it_is_merged(store: Store) -> None:
    store_all(batches(6), store, PartSettings(2, 1e9), lambda count: None)
    plan = plan_rewriting(store, PART)
    victim = store.folder / plan.groups[0][1]
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    with pytest.raises(DamagedArtifact, match="set aside"):
        rewrite(store, plan, lambda parts: None)
    assert len(store.places()) == 4


@pytest.mark.parametrize("superseded", [IDS[:4], IDS[:2]])
def test_what_a_damaged_part_supersedes_stays(store: Store, superseded: np.ndarray) -> None:
    """The newer part is whole and large, so nothing is to be done with it but to look."""
    part = store.append(IDS[:4], np.ones((4, 2)))
    os.utime(store.folder / part, ns=(1, 1))
    victim = store.folder / store.append(
        np.sort(np.r_[superseded, IDS[4:]]), np.zeros((len(superseded) + 4, 2))
    )
    plan = plan_rewriting(store, PART)
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    with pytest.raises(DamagedArtifact, match="set aside"):
        rewrite(store, plan, lambda parts: None)
    assert id_bytes(store.places().ids) == id_bytes(IDS[:4])
    assert all(vector == [1, 1] for vector in vectors_in(store).values())


def test_a_damaged_part_does_not_fail_the_job_that_would_have_merged_it(store: Store) -> None:
    store_all(batches(MANY), store, PartSettings(1, 1e9), lambda count: None)
    victim = store.parts()[3]
    vector = store.read(victim.name)[1].tobytes()
    victim.write_bytes(victim.read_bytes().replace(vector, vector[::-1]))
    told: list[str] = []
    with occupying(store.folder.parent, print) as mine:
        assert merge_many(store, mine, 100, told.append)
    assert "were not merged" in told[0]
    assert len(store.places()) == MANY - 1


@pytest.mark.parametrize(("parts", "merged"), [(MANY - 1, False), (MANY, True)])
def test_many_small_parts_are_merged_by_who_is_alone(store: Store, parts: int, merged: bool) -> None:
    store_all(batches(parts), store, PartSettings(1, 1e9), lambda count: None)
    expected = vectors_in(store)
    folder = store.folder.parent
    with occupying(folder, print) as mine:
        with occupying(folder, print):
            merge_many(store, mine, 100, print)
        assert len(store.parts()) == parts
        assert merge_many(store, mine, 100, print) == merged
    assert len(store.parts()) == (1 if merged else parts)
    assert vectors_in(store) == expected


@pytest.mark.parametrize("disk", ["has room", "is full"])
def test_a_job_merges_its_small_parts_before_it_says_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: str
) -> None:
    monkeypatch.setattr("scripts.lib.run.stage.die_with_parent", lambda: None)
    monkeypatch.setattr(embed, "embedded", lambda *_: batches(40))
    job = job_of(tmp_path, tmp_path / "store", list(range(1, 41)))
    job.config["part_seconds"] = 1e-9  # a part for each vector
    if disk == "is full":
        monkeypatch.setattr(os, "replace", failing(os.replace, 45, errno.ENOSPC))
    embed.main(job)
    store = Store(tmp_path / "store", CARD.fingerprint, 2, "float16")
    places = read_places([job.output.manifest])
    assert id_bytes(places.ids) == id_bytes(identified(*range(1, 41)))
    assert set(places.names) <= {part.name for part in store.parts()}
    assert (sizes(store) == [8] * 5) == (disk == "has room")
    assert ("were not merged" in Path(job.log[0]).read_text()) == (disk == "is full")
    assert {vector[0] for vector in vectors_in(store).values()} == set(range(1, 41))
