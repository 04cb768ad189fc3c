"""The store: what was appended is found, what was damaged is not, and writers never meet."""

import os
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding.parts import is_intact
from scripts.lib.embedding.store import Store
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.content_ids import id_bytes
from tests.test_places import as_dict, identified

IDS = identified(1, 2, 3, 4, 5)  # a trailing zero byte must survive
VECTORS = np.arange(15, dtype=np.float32).reshape(5, 3)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "abc", 3, "float16")


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_reads_back_what_was_appended(tmp_path: Path, dtype: str) -> None:
    store = Store(tmp_path, "abc", 3, dtype)
    part = store.append(IDS, VECTORS)
    ids, vectors = store.read(part)
    assert id_bytes(ids) == id_bytes(IDS)
    assert vectors.dtype == dtype
    np.testing.assert_array_equal(vectors, VECTORS.astype(dtype))
    assert as_dict(store.places()) == {content: (part, row) for row, content in enumerate(id_bytes(IDS))}


def test_an_empty_store_has_nothing(store: Store) -> None:
    assert store.parts() == []
    assert len(store.places()) == 0


def test_the_newest_part_counts(store: Store) -> None:
    first = store.append(IDS[:3], VECTORS[:3])
    os.utime(store.folder / first, ns=(0, 0))
    second = store.append(IDS[2:], VECTORS[2:] + 1)
    found = as_dict(store.places())
    assert [found[content] for content in id_bytes(IDS)] == [
        (first, 0),
        (first, 1),
        (second, 0),
        (second, 1),
        (second, 2),
    ]


def test_a_part_of_no_vectors_can_be_read(store: Store) -> None:
    ids, vectors = store.read(store.append(IDS[:0], VECTORS[:0]))
    assert ids.shape == (0,)
    assert vectors.shape == (0, 3)


def test_equal_parts_are_one_file(store: Store) -> None:
    assert store.append(IDS, VECTORS) == store.append(IDS, VECTORS)
    assert len(store.parts()) == 1


def test_two_stores_share_a_folder_but_no_vectors(tmp_path: Path) -> None:
    Store(tmp_path, "abc", 3, "float16").append(IDS, VECTORS)
    assert len(Store(tmp_path, "abd", 3, "float16").places()) == 0


def test_an_altered_part_is_set_aside_by_its_reader(store: Store) -> None:
    part = store.folder / store.append(IDS, VECTORS)
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    assert not is_intact(part)
    with pytest.raises(DamagedArtifact, match="not those that were written"):
        store.read(part.name)
    assert store.parts() == []
    assert part.with_name(part.name + ".damaged").exists()


@pytest.mark.parametrize("size", [0, 7, 100])
def test_a_truncated_part_counts_for_nothing(store: Store, size: int) -> None:
    part = store.folder / store.append(IDS, VECTORS)
    part.write_bytes(part.read_bytes()[:size])
    assert len(store.places()) == 0


def test_a_part_that_is_gone_is_named(store: Store) -> None:
    with pytest.raises(DamagedArtifact, match=r"nothing\.arrow.* is gone"):
        store.read("nothing.arrow")


def test_a_part_of_another_model_is_refused(tmp_path: Path, store: Store) -> None:
    other = Store(tmp_path, "abd", 3, "float16")
    part = other.append(IDS, VECTORS)
    store.folder.mkdir()
    (other.folder / part).rename(store.folder / part)
    assert len(store.places()) == 0
