"""The distances of one query to many vectors, all of them: what a single search can afford.

A search by one query reads each vector once, nearly at the speed of the memory. An index would be faster, but
has to be held, and for a query that does not resemble what was indexed, as words do not resemble images, it
misses much of what is near.
"""

import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.metric import kernel_view, widen
from scripts.lib.ordering.vectors import Floats, Ints

BLOCK_ROWS = 1 << 14
MOST_THREADS = 8
HELD_BYTES = 1 << 28  # of a memory map that stay in the memory of this process after a search
NO_LENGTH = np.float32(1e-30)


def threads_here() -> int:
    """Return how many threads a scan takes."""
    return min(MOST_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


def squared_distances(vectors: npt.NDArray[Any], rows: Ints, query: Floats, by_direction: bool) -> Floats:
    """Return the squared distance of the query to each row, or that of their directions.

    vectors : (n, d) float16 or float32, may be a memory map
    rows : (m,) int32, ascending
    query : (d,) float32, of length 1 where directions are compared
    returns : (m,) float32
    """
    found, view = np.empty(len(rows), np.float32), kernel_view(vectors)
    measure = _direction_gaps if by_direction else _gaps

    def block(start: int) -> None:
        some = rows[start : start + BLOCK_ROWS]
        measure(view, some, query, found[start : start + BLOCK_ROWS])
        if vectors.nbytes > HELD_BYTES:
            _release(vectors, int(some[0]), int(some[-1]) + 1)

    with ThreadPoolExecutor(threads_here(), "scan") as pool:
        list(pool.map(block, range(0, len(rows), BLOCK_ROWS)))
    return found


def _release(vectors: npt.NDArray[Any], start: int, stop: int) -> None:
    """Give the pages of some rows of a memory map back; the system keeps them as long as it has room."""
    mapped = vectors.base
    if not isinstance(mapped, mmap.mmap) or not hasattr(mapped, "madvise"):
        return
    offset = vectors.ctypes.data - np.frombuffer(mapped, np.uint8).ctypes.data
    first = (offset + start * vectors.strides[0]) // mmap.PAGESIZE * mmap.PAGESIZE
    last = min(offset + stop * vectors.strides[0], len(mapped))
    mapped.madvise(mmap.MADV_DONTNEED, first, last - first)


@njit(cache=True, fastmath=True, error_model="numpy", nogil=True)
def _gaps(vectors: npt.NDArray[Any], rows: Ints, query: Floats, found: Floats) -> None:
    for place in range(rows.size):
        total = np.float32(0.0)
        for column in range(query.size):
            gap = widen(vectors[rows[place], column]) - query[column]
            total += gap * gap
        found[place] = total


@njit(cache=True, fastmath=True, error_model="numpy", nogil=True)
def _direction_gaps(vectors: npt.NDArray[Any], rows: Ints, query: Floats, found: Floats) -> None:
    for place in range(rows.size):
        product, length = np.float32(0.0), NO_LENGTH
        for column in range(query.size):
            value = widen(vectors[rows[place], column])
            product += value * query[column]
            length += value * value
        found[place] = np.float32(2.0) - np.float32(2.0) * product / np.sqrt(length)
