"""The matrix: one row per content, by content id, whatever the partitions and parts."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts.lib.embedding.embed import Embedded, Outcome, PartSettings, manifest_table, store_all
from scripts.lib.embedding.gather import embedded_places, gather, read_vectors, relocate
from scripts.lib.embedding.store import Place, Store
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import id_bytes, read_ids
from scripts.lib.files.status import OK, UNREADABLE


def identified(i: int) -> bytes:
    return bytes([255 - i]) * 31 + b"\0"


def fill(store: Store, count: int, part_size: int = 3) -> dict[bytes, Place]:
    embedded = [Embedded(identified(i), np.full(2, i, np.float32), OK, None) for i in range(count)]
    outcomes = store_all(embedded, store, PartSettings(part_size, 1e9), lambda n: None)
    return {i: Place(str(o.part), int(o.row or 0)) for i, o in outcomes.items()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", "abc", 2, "float16")


@pytest.mark.parametrize("count", [0, 1, 2, 11])
def test_rows_are_sorted_by_content_id(tmp_path: Path, store: Store, count: int) -> None:
    table = gather(fill(store, count), store, tmp_path / "vectors.npy", lambda n: None)
    pq.write_table(table, tmp_path / "items.parquet")
    matrix = read_vectors(tmp_path / "vectors.npy")
    assert matrix.shape == (count, 2)
    assert matrix.dtype == np.float16
    expected = sorted(identified(i) for i in range(count))
    assert id_bytes(read_ids(tmp_path / "items.parquet")) == expected
    assert [255 - content[0] for content in expected] == matrix[:, 0].tolist()


def test_the_bytes_do_not_depend_on_the_parts(tmp_path: Path, store: Store) -> None:
    other = Store(tmp_path / "other", "abc", 2, "float16")
    gather(fill(store, 11, part_size=2), store, tmp_path / "a.npy", lambda n: None)
    gather(fill(other, 11, part_size=100), other, tmp_path / "b.npy", lambda n: None)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_manifests_say_what_is_embedded(tmp_path: Path) -> None:
    outcomes = {
        identified(1): Outcome(identified(1), OK, None, "part", 4),
        identified(2): Outcome(identified(2), UNREADABLE, "gone", None, None),
    }
    pq.write_table(manifest_table(list(outcomes), outcomes), tmp_path / "0.parquet")
    assert embedded_places([tmp_path / "0.parquet"]) == {identified(1): Place("part", 4)}


def test_vectors_that_moved_to_another_part_are_found(store: Store) -> None:
    places = fill(store, 5)
    moved = {content: Place("merged.arrow", 99) for content in places}
    assert relocate(moved, store) == places


def test_vectors_that_are_gone_are_counted(store: Store) -> None:
    places = fill(store, 5, part_size=3)
    store.parts()[0].unlink()
    with pytest.raises(DamagedArtifact, match="3 of 5 vectors are gone"):
        relocate(places, store)


def test_a_manifest_that_points_to_another_vector_is_found_out(tmp_path: Path, store: Store) -> None:
    places = fill(store, 3)
    first, second, _ = places
    swapped = places | {first: places[second], second: places[first]}
    with pytest.raises(DamagedArtifact, match="does not hold"):
        gather(swapped, store, tmp_path / "vectors.npy", lambda n: None)
