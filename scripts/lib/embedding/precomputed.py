"""The user's own vectors: a Parquet file of paths and vectors, or a clip-retrieval folder.

The content id of a vector is the BLAKE3 of its bytes in single precision; equal vectors are one item.
A vector with another length than most, or with values that are not finite, keeps its row, with a reason.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from blake3 import blake3

from scripts.lib.embedding.embed import Embedded
from scripts.lib.errors import InputError
from scripts.lib.files.paths import readable
from scripts.lib.files.scan import Row
from scripts.lib.files.status import CHANGED, OK, UNDECODABLE

BLOCK_ROWS = 16_384


class Block(NamedTuple):
    """Some rows of the input: their paths, and their vectors with NumPy's own precision."""

    paths: list[bytes]
    vectors: list[np.ndarray]


def blocks(source: Path) -> Iterator[Block]:
    """Yield the input in blocks, in its order.

    Raises
    ------
    InputError
        when it is neither of the two layouts.
    """
    if source.is_dir():
        yield from _clip_retrieval_blocks(source)
    elif source.is_file():
        yield from _parquet_blocks(source)
    else:
        raise InputError(f"embeddings: there is nothing at {source}.")


def _parquet_blocks(source: Path) -> Iterator[Block]:
    try:
        file = pq.ParquetFile(source)
    except pa.ArrowException as error:
        raise InputError(f"embeddings: {source} is no Parquet file ({error}).") from error
    missing = {"path", "vector"} - set(file.schema_arrow.names)
    if missing:
        raise InputError(
            f"embeddings: {source} has no column {' and no '.join(sorted(missing))}; it has "
            f"{', '.join(file.schema_arrow.names)}. Columns path and vector are needed."
        )
    for batch in file.iter_batches(BLOCK_ROWS, columns=["path", "vector"]):
        yield Block(_path_bytes(batch["path"]), _vectors(batch["vector"], source))


def _clip_retrieval_blocks(folder: Path) -> Iterator[Block]:
    matrices = sorted(folder.glob("img_emb/*.npy"), key=_number)
    if not matrices:
        raise InputError(f"embeddings: {folder} has no img_emb/*.npy, so it is no clip-retrieval folder.")
    for file in matrices:
        table = folder / "metadata" / f"metadata_{_number(file)[0]}.parquet"
        try:
            paths = _path_bytes(pq.read_table(table, columns=["image_path"])["image_path"])
            matrix = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise InputError(f"embeddings: {file} with {table} can't be read ({error}).") from error
        if matrix.ndim != 2 or len(matrix) != len(paths):
            raise InputError(f"embeddings: {file} has shape {matrix.shape}, {table} {len(paths)} rows.")
        for start in range(0, len(paths), BLOCK_ROWS):
            stop = start + BLOCK_ROWS
            yield Block(paths[start:stop], list(matrix[start:stop]))


def _number(file: Path) -> tuple[int, str]:
    match = re.search(r"(\d+)$", file.stem)
    return (int(match.group(1)) if match else 0, file.name)


def _path_bytes(column: pa.Array | pa.ChunkedArray) -> list[bytes]:
    kinds = pa.types
    texts = (kinds.is_string, kinds.is_large_string, kinds.is_binary, kinds.is_large_binary)
    if not any(is_kind(column.type) for is_kind in texts):
        raise InputError(f"embeddings: the column of paths holds {column.type}, not text.")
    return [value or b"" for value in column.cast(pa.large_binary()).to_pylist()]


def _vectors(column: pa.Array, source: Path) -> list[np.ndarray]:
    kinds = pa.types
    if not (
        kinds.is_list(column.type)
        or kinds.is_large_list(column.type)
        or kinds.is_fixed_size_list(column.type)
    ):
        raise InputError(f"embeddings: column vector of {source} holds {column.type}, not lists of numbers.")
    number = column.type.value_type
    if not (kinds.is_floating(number) or kinds.is_integer(number)):
        raise InputError(f"embeddings: column vector of {source} holds lists of {number}, not of numbers.")
    empty = np.empty(0, np.float32)
    return [empty if not v.is_valid else v.values.to_numpy(zero_copy_only=False) for v in column]


class Vector(NamedTuple):
    """One row of the input, judged: its vector in single precision, or what is wrong with it."""

    path: bytes
    content_id: bytes
    vector: np.ndarray
    error: str | None


def common_dimension(source: Path) -> int:
    """Return the most frequent length of the vectors; 0 when there are none."""
    lengths = Counter(len(vector) for block in blocks(source) for vector in block.vectors)
    return min(lengths, key=lambda length: (-lengths[length], length)) if lengths else 0


def judged(source: Path, dimension: int) -> Iterator[Vector]:
    """Yield every row of the input with its content id and what is wrong with it."""
    for block in blocks(source):
        for path, given in zip(block.paths, block.vectors, strict=True):
            with np.errstate(over="ignore", invalid="ignore"):
                vector = np.asarray(given, np.float32) + np.float32(0)  # -0.0 equals 0.0
            error = None
            if len(vector) != dimension or not dimension:
                error = f"has {len(vector)} values, most vectors have {dimension}"
            elif not np.isfinite(vector).all():
                error = "has values that are not finite (NaN or infinite)"
            yield Vector(path, blake3(vector.tobytes()).digest(), vector, error)


def inventory_rows(source: Path, dimension: int) -> list[Row]:
    """Return one inventory row per input row, in its order."""
    return [_inventory_row(source, each) for each in judged(source, dimension)]


def _inventory_row(source: Path, each: Vector) -> Row:
    return Row(
        path=readable(each.path),
        path_bytes=each.path,
        root=readable(os.fsencode(source)),
        kind="vector",
        size=None,
        mtime_ns=None,
        content_id=each.content_id,
        format=None,
        width=None,
        height=None,
        status=UNDECODABLE if each.error else OK,
        error=each.error,
    )


def embed_precomputed(source: Path, dimension: int, wanted: set[bytes]) -> Iterator[Embedded]:
    """Yield the vectors of the wanted contents, each once."""
    remaining = set(wanted)
    for each in judged(source, dimension):
        if each.content_id in remaining and each.error is None:
            remaining.discard(each.content_id)
            yield Embedded(each.content_id, each.vector, OK, None)
    for content_id in sorted(remaining):
        yield Embedded(content_id, None, CHANGED, f"{source} changed since the scan")
