"""Rows against whatever proposes their neighbours: all of them by one job, or a part each by several.

Rows are searched in blocks whose size goes by their number alone, and parts are made of whole blocks; so the
graph is the same to the byte, however many parts and threads there are.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numba import njit

from scripts.lib.ordering.graph.candidates import Proposer, stream, workers
from scripts.lib.ordering.graph.neighbors import NeighborGraph, read_graph
from scripts.lib.ordering.metric import distance, kernel_view
from scripts.lib.ordering.vectors import Floats, Ints, Rows, Vectors

Progress = Callable[[int], None]

QUERY_ROWS = (32, 1024)  # in a block, least and most
BLOCKS = 64  # that small collections are divided into, so that jobs and threads can share them


def query_rows(n: int) -> int:
    """Return how many of n rows are searched at a time.

    By n alone: with other rows in a block the last bits of FAISS's products are others, and so may be which
    of several equally near vectors it proposes.
    """
    least, most = QUERY_ROWS
    return min(most, max(least, n // BLOCKS))


def search_rows(
    vectors: Vectors, proposer: Proposer, k: int, rows: range, threads: int, progress: Progress
) -> tuple[Ints, Floats]:
    """Search for some rows, in blocks shared among the threads.

    rows : begins with a multiple of `query_rows`, and ends with one or with the last row; so the bytes found
        for a row do not depend on how rows are divided
    returns : (len(rows), k) int32 and float32, as in `NeighborGraph`
    """
    indices, distances = np.empty((len(rows), k), np.int32), np.empty((len(rows), k), np.float32)
    size = query_rows(len(vectors))

    def search_from(start: int) -> int:
        block = np.arange(start, min(start + size, rows.stop))
        indices[block - rows.start], distances[block - rows.start] = search_block(vectors, proposer, block, k)
        return len(block)

    with workers(threads) as pool:
        for done in pool.map(search_from, range(rows.start, rows.stop, size)):
            progress(done)
    return indices, distances


def search_block(vectors: Vectors, proposer: Proposer, rows: Rows, k: int) -> tuple[Ints, Floats]:
    """Return the k best of the rows' candidates: (q, k) int32 and (q, k) float32."""
    queries = vectors[rows].astype(np.float32)
    indices, distances = rank(kernel_view(vectors), rows, proposer.propose(queries), k)
    short = np.flatnonzero(indices[:, -1] < 0)  # the lists read held fewer than k vectors
    if len(short):
        every = stream(vectors, queries[short], candidates_for(k))
        indices[short], distances[short] = rank(kernel_view(vectors), rows[short], every, k)
    return indices, distances


def candidates_for(k: int) -> int:
    """Return how many candidates to ask for: the vector itself, and room for rounding and ties."""
    return k + 1 + max(8, k // 2)


@njit(cache=True, nogil=True)
def rank(vectors: Vectors, rows: Rows, candidates: Rows, k: int) -> tuple[Ints, Floats]:
    """Return each row's k nearest candidates by (distance, index); -1 and inf where they end.

    rows : (q,) int64;  candidates : (q, width) int64, distinct in a row, -1 and the row itself
        are passed over
    returns : (q, k) int32 and (q, k) float32, Euclidean
    """
    indices = np.full((rows.size, k), -1, np.int32)
    distances = np.full((rows.size, k), np.inf, np.float32)
    for line in range(rows.size):
        for other in candidates[line]:
            if other >= 0 and other != rows[line]:
                length = distance(vectors, rows[line], other)
                _insert(indices[line], distances[line], other, length)
    return indices, distances


@njit(cache=True, nogil=True)
def _insert(indices: Ints, distances: Floats, index: int, length: float) -> None:
    """Put a neighbour in its place in a sorted list, whose last one falls out."""
    place = indices.size
    while place > 0 and (length, index) < (distances[place - 1], indices[place - 1]):
        place -= 1
    if place == indices.size:
        return
    for other in range(indices.size - 1, place, -1):
        indices[other] = indices[other - 1]
        distances[other] = distances[other - 1]
    indices[place] = index
    distances[place] = length


def rows_of_part(n: int, part: int, parts: int) -> range:
    """Return the rows that one of several parts searches, whole blocks of them; some parts may have none."""
    size = query_rows(n)
    blocks = -(-n // size)
    start, stop = (blocks * each // parts * size for each in (part, part + 1))
    return range(min(start, n), min(stop, n))


def joined(parts: Iterable[Path]) -> NeighborGraph:
    """Return the graph whose parts lie in files, given in the order of the rows."""
    graphs = [read_graph(part) for part in parts]
    return graphs[0]._replace(
        indices=np.concatenate([graph.indices for graph in graphs]),
        distances=np.concatenate([graph.distances for graph in graphs]),
    )
