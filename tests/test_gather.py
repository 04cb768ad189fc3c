"""The matrix: one row per content, by content id, whatever the partitions and parts."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts.lib.embedding.embed import Embedded, PartSettings, store_all
from scripts.lib.embedding.gather import gather, items_table, read_items, read_vectors, relocate
from scripts.lib.embedding.places import Places, joined, part_places
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.merging import plan_rewriting, rewrite
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import id_bytes
from tests.test_places import as_dict, identified


def fill(store: Store, values: list[float], part_size: int = 3) -> Places:
    """Store one vector per value, whose content ids descend from 255."""
    ids = identified(*(255 - i for i in range(len(values))))
    vectors = np.repeat(np.array(values, np.float32), 2).reshape(-1, 2)
    results = [Embedded(ids[i : i + 1], vectors[i : i + 1]) for i in range(len(values))]
    return store_all(results, store, PartSettings(part_size, 1e9), lambda n: None)[0]


def gathered(places: Places, store: Store, folder: Path) -> tuple[np.ndarray, list[int], list[bytes]]:
    """Return matrix, row of each content and content ids, as they are read from their files."""
    items = gather(places, store, folder / "vectors.npy", lambda n: None)
    pq.write_table(items_table(items), folder / "items.parquet")
    found = read_items(folder / "items.parquet")
    return read_vectors(folder / "vectors.npy"), found.rows.tolist(), id_bytes(found.content_ids)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", "abc", 2, "float16")


@pytest.mark.parametrize("count", [0, 1, 2, 11])
def test_rows_are_sorted_by_content_id(tmp_path: Path, store: Store, count: int) -> None:
    places = fill(store, [float(i) for i in range(count)])
    matrix, rows, ids = gathered(places, store, tmp_path)
    assert matrix.shape == (count, 2)
    assert matrix.dtype == np.float16
    assert rows == list(range(count))
    assert ids == sorted(id_bytes(identified(*(255 - i for i in range(count)))))
    assert [255 - content[0] for content in ids] == matrix[:, 0].tolist()


@pytest.mark.parametrize("seed", range(4))
def test_equal_vectors_are_one_row(tmp_path: Path, store: Store, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 5, 20).astype(float).tolist()
    matrix, rows, ids = gathered(fill(store, values), store, tmp_path)
    assert sorted(matrix[:, 0].tolist()) == sorted(set(values))
    assert matrix[rows, 0].tolist() == [values[255 - content[0]] for content in ids]
    assert list(dict.fromkeys(rows)) == list(range(len(matrix))), "numbered by their first content"
    np.save(tmp_path / "oracle.npy", np.array(matrix))
    assert (tmp_path / "oracle.npy").read_bytes() == (tmp_path / "vectors.npy").read_bytes()


@pytest.mark.parametrize("values", [[7.0] * 9, [0.0, -0.0, 0.0]])
def test_all_equal_vectors_are_one_row(tmp_path: Path, store: Store, values: list[float]) -> None:
    matrix, rows, ids = gathered(fill(store, values), store, tmp_path)
    assert matrix.tolist() == [[values[0]] * 2]
    assert rows == [0] * len(values)
    assert len(ids) == len(values)


def test_the_bytes_do_not_depend_on_the_parts(tmp_path: Path, store: Store) -> None:
    other = Store(tmp_path / "other", "abc", 2, "float16")
    values = [0.0, 1.0, 2.0, 1.0, 4.0, 5.0, 2.0, 7.0, 8.0]
    left = gather(fill(store, values, part_size=2), store, tmp_path / "a.npy", lambda n: None)
    right = gather(fill(other, values, part_size=100), other, tmp_path / "b.npy", lambda n: None)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert items_table(left).equals(items_table(right))


@pytest.mark.parametrize("seed", range(3))
def test_the_bytes_do_not_depend_on_the_order_of_writes(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    ids, values = identified(*range(1, 31)), random.integers(0, 20, (30, 2)).astype(np.float32)
    made = []
    for number in range(3):
        store = Store(tmp_path / f"{number}", "abc", 2, "float16")
        order = np.array_split(random.permutation(30), random.integers(1, 9))
        size = int(random.integers(1, 12))
        for rows in order:
            store_all([Embedded(ids[rows], values[rows])], store, PartSettings(size, 1e9), lambda n: None)
        if number == 2:
            rewrite(store, plan_rewriting(store, 9), lambda parts: None)
        items = gather(store.places(), store, tmp_path / f"{number}.npy", lambda n: None)
        made.append(((tmp_path / f"{number}.npy").read_bytes(), items.rows.tolist()))
    assert made[0] == made[1] == made[2]
    assert np.load(tmp_path / "0.npy")[made[0][1]].tolist() == values.tolist()


def test_a_part_is_read_once_however_many_manifests_name_it(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = fill(store, [1.0, 2.0, 3.0, 4.0], part_size=100)
    divided = joined([places.select(np.array([row])) for row in range(4)])
    read: list[str] = []
    monkeypatch.setattr(store, "read", lambda part: read.append(part) or Store.read(store, part))
    assert len(gathered(divided, store, tmp_path)[0]) == 4
    assert len(read) == 1


def test_vectors_that_moved_to_another_part_are_found(store: Store) -> None:
    places = fill(store, [float(i) for i in range(5)])
    moved = part_places("merged.arrow", places.ids[1:3])
    assert as_dict(relocate(joined([places, moved]), store)) == as_dict(places)
    assert as_dict(relocate(moved, store)) == as_dict(places.select(np.array([1, 2])))


def test_vectors_that_are_gone_are_counted(store: Store) -> None:
    places = fill(store, [float(i) for i in range(5)], part_size=3)
    store.parts()[0].unlink()
    with pytest.raises(DamagedArtifact, match="3 of 5 vectors are gone"):
        relocate(places, store)


@pytest.mark.parametrize("rows", [[1, 0, 2], [0, 1, 3]])
def test_a_manifest_that_points_to_another_vector_is_found_out(
    tmp_path: Path, store: Store, rows: list[int]
) -> None:
    places = fill(store, [0.0, 1.0, 2.0])
    wrong = Places(places.ids, places.parts, np.array(rows, np.int32), places.names)
    with pytest.raises(DamagedArtifact, match="does not hold"):
        gather(wrong, store, tmp_path / "vectors.npy", lambda n: None)
