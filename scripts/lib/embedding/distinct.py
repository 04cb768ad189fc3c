"""Equal vectors are one row of the matrix.

Pictures that differ in their bytes and not in their pixels have equal vectors. As nodes of their own they
would fill each other's neighbour lists, and cut the graph behind them.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from scripts.lib.files.content_ids import digests

BLOCK_BYTES = 1 << 26


class Distinct(NamedTuple):
    """Which rows of a matrix are equal.

    kept : (m,) int64, ascending: the first of each set of equal rows
    item : (n,) int32, the row of `kept` that each row equals
    """

    kept: np.ndarray
    item: np.ndarray


def row_digests(rows: np.ndarray) -> np.ndarray:
    """Return a hash of each row that equal rows share: (b,) S32; -0.0 equals 0.0."""
    bits = np.array(rows).view(f"u{rows.itemsize}")
    bits[bits == 1 << (8 * rows.itemsize - 1)] = 0
    starts = np.arange(len(rows), dtype=np.int64) * rows.shape[1]
    return digests(bits.ravel(), starts, starts + rows.shape[1])


def distinct_rows(digests: np.ndarray) -> Distinct:
    """Tell equal rows by their digests (n,) S32; they are numbered by the first of each."""
    _, first, inverse = np.unique(digests, return_index=True, return_inverse=True)
    by_row = np.argsort(first)
    number = np.empty(len(first), np.int32)
    number[by_row] = np.arange(len(first), dtype=np.int32)
    return Distinct(first[by_row], number[inverse])


def keep_rows(file: Path, kept: np.ndarray) -> None:
    """Shorten a matrix in NumPy's file format to some of its rows, in place and block by block.

    kept : (m,) int64, ascending
    """
    matrix = np.lib.format.open_memmap(file, mode="r+")
    header = {"descr": matrix.dtype.str, "fortran_order": False, "shape": (len(kept), matrix.shape[1])}
    row_bytes = matrix.itemsize * matrix.shape[1]
    block = max(1, BLOCK_BYTES // row_bytes)
    for start in range(0, len(kept), block):
        rows = kept[start : start + block]
        matrix[start : start + len(rows)] = matrix[rows]  # no row is written before it was read
    matrix.flush()
    with file.open("r+b") as stream:
        np.lib.format.write_array_header_1_0(stream, header)  # of one length, whatever the number of rows
        stream.truncate(stream.tell() + row_bytes * len(kept))
