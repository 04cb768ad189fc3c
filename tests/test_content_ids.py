"""Content ids as columns: hashed, found, divided and written like one by one."""

import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from blake3 import blake3

from scripts.lib.files import content_ids
from scripts.lib.files.content_ids import (
    ID_DTYPE,
    content_id_of,
    digests,
    hex_column,
    id_bytes,
    ids_array,
    ids_column,
    list_bytes,
    partition_of,
    partitions_of,
    positions_in,
)


def some_ids(count: int) -> np.ndarray:
    """Return distinct ids, ascending; some end in zero bytes, which NumPy hides."""
    random = np.random.default_rng(count)
    ids = random.integers(0, 256, (count, 32), dtype=np.uint8)
    ids[::3, 20:] = 0
    return np.unique(ids.view(ID_DTYPE).ravel())


def test_a_file_has_the_id_of_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_ids, "PIECE", 1000)
    for data in (b"", bytes(range(250)) * 4, bytes(range(251)) * 77):
        assert content_id_of(io.BytesIO(data)) == content_id_of(data) == blake3(data).digest()
        assert content_id_of(io.BytesIO(data), hashlib.sha256) == hashlib.sha256(data).digest()


class Cutting:
    """Takes a hash, and empties the file that it is of after the first piece."""

    def __init__(self, path: Path) -> None:
        self.path, self.hash = path, hashlib.sha256()

    def update(self, piece: bytes, /) -> None:
        self.hash.update(piece)
        os.truncate(self.path, 0)

    def digest(self) -> bytes:
        return self.hash.digest()


def test_a_file_may_be_cut_short_while_it_is_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_ids, "PIECE", 1 << 16)
    path, data = tmp_path / "film.mp4", bytes(range(256)) * 4096
    path.write_bytes(data)
    with path.open("rb", buffering=0) as file:
        assert content_id_of(file, lambda: Cutting(path)) == hashlib.sha256(data[: 1 << 16]).digest()


def test_slices_are_hashed_like_their_bytes() -> None:
    values = np.arange(10, dtype=np.float32)
    starts, stops = np.array([0, 3, 3, 9]), np.array([3, 3, 9, 10])
    expected = [blake3(values[a:b].tobytes()).digest() for a, b in zip(starts, stops, strict=True)]
    assert id_bytes(digests(values, starts, stops)) == expected


def test_nothing_is_hashed_of_nothing() -> None:
    none = np.empty(0, np.int64)
    assert len(digests(np.empty(0, np.float32), none, none)) == 0


@pytest.mark.parametrize("partitions", [1, 2, 7, 100_000])
def test_partitions_are_those_of_the_ids_one_by_one(partitions: int) -> None:
    ids = some_ids(50)
    assert partitions_of(ids, partitions).tolist() == [partition_of(i, partitions) for i in id_bytes(ids)]


@pytest.mark.parametrize("count", [0, 1, 40])
def test_positions_are_found_and_strangers_are_not(count: int) -> None:
    ids = some_ids(40)
    known, wanted = ids[:count], np.random.default_rng(0).permutation(ids)
    where = {content: row for row, content in enumerate(id_bytes(known))}
    assert positions_in(known, wanted).tolist() == [where.get(content, -1) for content in id_bytes(wanted)]
    assert len(positions_in(ids, ids[:0])) == 0


def test_columns_keep_every_byte() -> None:
    ids = some_ids(12)
    assert ids_column(ids).to_pylist() == id_bytes(ids)
    assert hex_column(ids).to_pylist() == [content.hex() for content in id_bytes(ids)]
    assert ids_array(ids_column(ids)[2:5]).tolist() == ids[2:5].tolist()
    assert pq.read_table(io.BytesIO(list_bytes(ids)))["content_id"].to_pylist() == id_bytes(ids)
