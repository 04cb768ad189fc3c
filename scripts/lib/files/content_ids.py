"""Content ids: what images are known by, whatever their files are called.

An id is the BLAKE3 of a file's bytes, 32 bytes. In arrays it is NumPy's fixed-width `S32`, which
sorts like the bytes do.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CONTENT_ID_BYTES = 32
ID_TYPE = pa.binary(CONTENT_ID_BYTES)
ID_DTYPE = np.dtype(f"S{CONTENT_ID_BYTES}")


def partition_of(content_id: bytes, partitions: int) -> int:
    """Return which partition embeds a content: its id modulo their number."""
    return int.from_bytes(content_id[:8], "big") % partitions


def list_bytes(ids: Sequence[bytes]) -> bytes:
    """Return a Parquet file of content ids alone; equal ids give equal bytes."""
    buffer = io.BytesIO()
    table = pa.table({"content_id": pa.array(ids, ID_TYPE)})
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


def id_bytes(ids: np.ndarray) -> list[bytes]:
    """Return (n,) S32 as Python bytes of full length each."""
    data = np.ascontiguousarray(ids, ID_DTYPE).tobytes()
    return [data[i : i + CONTENT_ID_BYTES] for i in range(0, len(data), CONTENT_ID_BYTES)]
