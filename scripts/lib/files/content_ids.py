"""Content ids: what images are known by, whatever their files are called.

An id is the BLAKE3 of a file's bytes, or of a vector's; 32 bytes. In arrays it is NumPy's fixed-width
`S32`, which sorts like the bytes do.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CONTENT_ID_BYTES = 32
ID_TYPE = pa.binary(CONTENT_ID_BYTES)
ID_DTYPE = np.dtype(f"S{CONTENT_ID_BYTES}")


PIECE = 1 << 20  # bytes of a file that are held at a time


class Hasher(Protocol):
    """What takes the hash of bytes piece by piece, as BLAKE3 and `hashlib` do."""

    def update(self, piece: bytes, /) -> object:
        """Take in what comes next."""

    def digest(self) -> bytes:
        """Return the hash of all that came."""


def blake3_hasher() -> Hasher:
    """Return what takes the hash of a content."""
    from blake3 import blake3  # late: images can be embedded where it is not installed

    return blake3()


def content_id_of(content: bytes | BinaryIO, hasher: Callable[[], Hasher] = blake3_hasher) -> bytes:
    """Return the id of a content, 32 bytes.

    A file is read piece by piece. Through a memory map, which is no faster, a failing disk ends the process,
    and so does a file that is cut short meanwhile.
    """
    found = hasher()
    if isinstance(content, bytes):
        found.update(content)
    else:
        while piece := content.read(PIECE):
            found.update(piece)
    return found.digest()


def digests(values: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Return the BLAKE3 of the bytes of `values[start:stop]`, for each pair: (n,) S32.

    values : (m,) numbers, contiguous; they are hashed where they lie
    starts, stops : (n,) int64
    """
    from blake3 import blake3

    data = values.view(np.uint8).data
    bounds = zip((starts * values.itemsize).tolist(), (stops * values.itemsize).tolist(), strict=True)
    return np.frombuffer(b"".join([blake3(data[a:b]).digest() for a, b in bounds]), ID_DTYPE)


def partition_of(content_id: bytes, partitions: int) -> int:
    """Return which partition embeds a content: its id modulo their number."""
    return int.from_bytes(content_id[:8], "big") % partitions


def partitions_of(ids: np.ndarray, partitions: int) -> np.ndarray:
    """Return `partition_of` for each of (n,) S32: (n,) int64."""
    first = np.ascontiguousarray(ids, ID_DTYPE).view(">u8").reshape(-1, CONTENT_ID_BYTES // 8)[:, 0]
    return (first % np.uint64(partitions)).astype(np.int64)


def positions_in(ids: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return where each wanted id stands in `ids`, -1 where it does not: (m,) int64.

    ids : (n,) S32, ascending
    wanted : (m,) S32
    """
    if not len(ids):
        return np.full(len(wanted), -1)
    nearest = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[nearest] == wanted, nearest, -1)


def list_bytes(ids: np.ndarray) -> bytes:
    """Return a Parquet file of content ids (n,) S32 alone; equal ids give equal bytes."""
    buffer = io.BytesIO()
    table = pa.table({"content_id": ids_column(ids)})
    pq.write_table(table, buffer, compression="none", use_dictionary=False)
    return buffer.getvalue()


def read_ids(path: Path) -> np.ndarray:
    """Read the column `content_id` of a Parquet file: (n,) S32."""
    return ids_array(pq.read_table(path, columns=["content_id"])["content_id"])


def ids_array(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Return a column of content ids without nulls as (n,) S32, without copying where possible."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], ID_TYPE)
    if not len(column):
        return np.empty(0, ID_DTYPE)
    return np.frombuffer(column.buffers()[1], ID_DTYPE, len(column), column.offset * CONTENT_ID_BYTES)


def ids_column(ids: np.ndarray) -> pa.Array:
    """Return (n,) S32 as an Arrow column; trailing zero bytes, which NumPy hides, are kept."""
    buffer = pa.py_buffer(np.ascontiguousarray(ids, ID_DTYPE))
    return pa.Array.from_buffers(ID_TYPE, len(ids), [None, buffer])


def hex_column(ids: np.ndarray) -> pa.Array:
    """Return (n,) S32 as an Arrow column of text, 64 hexadecimal digits each."""
    text = np.ascontiguousarray(ids, ID_DTYPE).tobytes().hex().encode()
    offsets = np.arange(len(ids) + 1, dtype=np.int64) * (2 * CONTENT_ID_BYTES)
    return pa.LargeStringArray.from_buffers(len(ids), pa.py_buffer(offsets), pa.py_buffer(text))


def id_bytes(ids: np.ndarray) -> list[bytes]:
    """Return (n,) S32 as Python bytes of full length each."""
    data = np.ascontiguousarray(ids, ID_DTYPE).tobytes()
    return [data[i : i + CONTENT_ID_BYTES] for i in range(0, len(data), CONTENT_ID_BYTES)]
