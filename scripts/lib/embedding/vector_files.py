"""Files of vectors, read in blocks: a Parquet file of paths and vectors, or a clip-retrieval folder.

A block is a view into what the reader decoded, so memory grows neither with the number of rows nor with
how the file is divided.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.errors import InputError

BLOCK_ROWS = 4096
READ_BYTES = 1 << 20  # at once: a row group, or the file, may be larger than the memory

TYPES = pa.types
TEXTS = (TYPES.is_string, TYPES.is_large_string, TYPES.is_string_view)
BINARIES = (TYPES.is_binary, TYPES.is_large_binary, TYPES.is_binary_view)
NOTHING = (TYPES.is_null,)  # a column without a single value
LISTS = (TYPES.is_list, TYPES.is_large_list, TYPES.is_fixed_size_list)


class Block(NamedTuple):
    """Some rows of the input, as they were given.

    paths : (b,) large_binary without nulls; empty where there is none
    values : (m,) of any precision; the vector of a row is `values[start:stop]`
    starts, stops : (b,) int64, equal where a row has no vector
    """

    paths: pa.Array
    values: np.ndarray
    starts: np.ndarray
    stops: np.ndarray


def blocks(source: Path) -> Iterator[Block]:
    """Yield the input in blocks, in its order.

    Raises
    ------
    InputError
        when it is neither of the two layouts, or can't be read to its end.
    """
    if source.is_dir():
        yield from _clip_retrieval_blocks(source)
    elif source.is_file():
        yield from _parquet_blocks(source)
    else:
        raise InputError(f"embeddings: there is nothing at {source}.")


def _parquet_blocks(source: Path) -> Iterator[Block]:
    file = _opened(source)
    missing = {"path", "vector"} - set(file.schema_arrow.names)
    if missing:
        raise InputError(
            f"embeddings: {source} has no column {' and no '.join(sorted(missing))}; it has "
            f"{', '.join(file.schema_arrow.names)}. Columns path and vector are needed."
        )
    _check_vectors(file.schema_arrow.field("vector").type, source)
    try:
        for batch in file.iter_batches(BLOCK_ROWS, columns=["path", "vector"]):
            yield Block(_path_column(batch["path"]), *_vectors(batch["vector"]))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"embeddings: {source} can't be read to its end ({error}).") from error


def _opened(source: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(source, buffer_size=READ_BYTES, pre_buffer=False)
    except pa.ArrowException as error:
        raise InputError(f"embeddings: {source} is no Parquet file ({error}).") from error


def _clip_retrieval_blocks(folder: Path) -> Iterator[Block]:
    matrices = sorted(folder.glob("img_emb/*.npy"), key=_number)
    if not matrices:
        raise InputError(f"embeddings: {folder} has no img_emb/*.npy, so it is no clip-retrieval folder.")
    for file in matrices:
        table = folder / "metadata" / f"metadata_{_digits(file)}.parquet"
        try:
            paths = _path_column(pq.read_table(table, columns=["image_path"])["image_path"])
            shape, dtype = _matrix(file).shape, _matrix(file).dtype
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise InputError(f"embeddings: {file} with {table} can't be read ({error}).") from error
        if len(shape) != 2 or shape[0] != len(paths):
            raise InputError(f"embeddings: {file} has shape {shape}, {table} {len(paths)} rows.")
        if dtype.kind not in "fiu":
            raise InputError(f"embeddings: {file} holds {dtype}, not numbers.")
        for start in range(0, len(paths), BLOCK_ROWS):
            yield _rows_block(paths.slice(start, BLOCK_ROWS), _matrix(file)[start : start + BLOCK_ROWS])


# Mapped anew for each block, so that the pages of the last are given back.
_matrix: Callable[[Path], np.ndarray] = partial(np.load, mmap_mode="r", allow_pickle=False)


def _rows_block(paths: pa.Array, rows: np.ndarray) -> Block:
    starts = np.arange(len(rows), dtype=np.int64) * rows.shape[1]
    return Block(paths, np.asarray(rows).ravel(), starts, starts + rows.shape[1])


def _digits(file: Path) -> str:
    """Return the number that a matrix shares with its table, with its leading zeros."""
    match = re.search(r"(\d+)$", file.stem)
    return match.group(1) if match else "0"


def _number(file: Path) -> tuple[int, str]:
    return (int(_digits(file)), file.name)


def _path_column(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return paths as large_binary without nulls."""
    kind = column.type.value_type if TYPES.is_dictionary(column.type) else column.type
    if not any(is_kind(kind) for is_kind in TEXTS + BINARIES + NOTHING):
        raise InputError(f"embeddings: the column of paths holds {column.type}, not text.")
    raw = column.cast(kind).cast(pa.large_binary()).fill_null(b"")
    return raw.combine_chunks() if isinstance(raw, pa.ChunkedArray) else raw


def _check_vectors(kind: pa.DataType, source: Path) -> None:
    if not any(is_kind(kind) for is_kind in LISTS):
        raise InputError(f"embeddings: column vector of {source} holds {kind}, not lists of numbers.")
    number = kind.value_type
    if not (TYPES.is_floating(number) or TYPES.is_integer(number)):
        raise InputError(f"embeddings: column vector of {source} holds lists of {number}, not of numbers.")


def _vectors(column: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the numbers of a column of lists, and where each list starts and stops among them."""
    if TYPES.is_fixed_size_list(column.type):
        size = column.type.list_size
        starts = (np.arange(len(column), dtype=np.int64) + column.offset) * size
        stops = starts + size
    else:
        offsets = column.offsets.to_numpy().astype(np.int64)
        starts, stops = offsets[:-1], offsets[1:]
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    return _numbers(column.values), starts, np.where(valid, stops, starts)


def _numbers(values: pa.Array) -> np.ndarray:
    """Return a column of numbers as an array; a null is no number."""
    numbers: np.ndarray
    if TYPES.is_floating(values.type) or not values.null_count:
        numbers = values.to_numpy(zero_copy_only=False)
    else:
        numbers = values.fill_null(0).to_numpy().astype(np.float32)
        numbers[values.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return numbers
