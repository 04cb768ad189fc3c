"""The k-nearest-neighbour graph: whom each vector resembles most.

FAISS proposes more candidates than are asked for; here their distances are computed anew by the
one metric, ranked by (distance, index) and cut to k. Small collections are searched exactly.
Larger ones are put into an inverted file, of which more and more is read until a sample of
queries, compared with exact search, has found enough of its neighbours; the largest into a small world.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numba import njit

from scripts.lib.errors import InputError
from scripts.lib.ordering.graph.candidates import Proposer, exhaustive, gpus, single_threaded, stream, workers
from scripts.lib.ordering.graph.indexes import Dial, IndexSettings, build_index
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.metric import distance, kernel_view
from scripts.lib.ordering.vectors import (
    LARGEST,
    Floats,
    Ints,
    Rows,
    Vectors,
    float_blocks,
    measurable,
    sample_rows,
)

Progress = Callable[[int], None]
GIGABYTE = 1 << 30

QUERY_ROWS = (32, 1024)  # in a block, least and most
BLOCKS = 64  # that small collections are divided into, so that jobs and threads can share them
FIRST_STEP = 8
GPU_SPEED = 50.0
COST_OF_A_LOOK = 300  # what a pair costs beside its multiplications, in multiplications


@dataclass(frozen=True)
class KnnSettings:
    """How many neighbours to find, and from where on exact search is too dear."""

    k: int = 16
    exact_limit: float = 4e11  # multiplications, some seconds on two cores
    target_recall: float = 0.95
    sample: int = 400
    index: IndexSettings = field(default_factory=IndexSettings)


def knn_settings(k: int, recall: float, memory: float, seed: int) -> KnnSettings:
    """Return the settings of a search as users give them; memory in GB."""
    index = IndexSettings(memory=int(memory * GIGABYTE), seed=seed)
    return KnnSettings(k=k, target_recall=recall, index=index)


class Search(NamedTuple):
    """How the rows are searched, and what that finds.

    recall, method : see `NeighborGraph`
    """

    proposer: Proposer
    recall: float
    method: str


def nearest_neighbors(
    vectors: Vectors,
    settings: KnnSettings | None = None,
    threads: int = 1,
    progress: Progress = lambda rows: None,
    save: Callable[[Proposer], None] = lambda proposer: None,
) -> NeighborGraph:
    """Find the k nearest neighbours of each vector, k being n - 1 at most.

    Distances are exact. Which neighbours are found is exact up to `exact_limit`, approximate
    beyond it. The bytes do not depend on the number of threads. Raises InputError at NaN.

    vectors : (n, d) float16 or float32, may be a memory map
    progress : called with the number of rows newly done
    save : called with the index, if one was made, before the search
    """
    settings = settings or KnnSettings()
    refuse_nonfinite(vectors)
    k = neighbors_wanted(len(vectors), settings)
    if k == 0:
        return no_neighbors(len(vectors))
    if is_exact(vectors, settings):
        search = exact_search(vectors, k)
    else:
        search = index_search(vectors, settings)
        save(search.proposer)
    indices, distances = search_rows(vectors, search.proposer, k, range(len(vectors)), threads, progress)
    return NeighborGraph(indices, distances, search.recall, search.method)


def neighbors_wanted(n: int, settings: KnnSettings) -> int:
    """Return how many neighbours each of n vectors gets."""
    return max(min(settings.k, n - 1), 0)


def no_neighbors(n: int) -> NeighborGraph:
    """Return the graph of vectors that have no neighbours, because there is one at most."""
    return NeighborGraph(np.empty((n, 0), np.int32), np.empty((n, 0), np.float32), 1.0, "exact")


def is_exact(vectors: Vectors, settings: KnnSettings) -> bool:
    """Tell whether every vector is to meet every other one."""
    n, d = vectors.shape
    affordable = settings.exact_limit * (GPU_SPEED if gpus() else 1.0)
    return settings.target_recall >= 1 or float(n) * n * (d + COST_OF_A_LOOK) <= affordable


def exact_search(vectors: Vectors, k: int) -> Search:
    """Prepare a search in which every vector meets every other one."""
    with single_threaded():
        return Search(exhaustive(vectors, _width(k)), 1.0, "exact")


def refuse_nonfinite(vectors: Vectors) -> None:
    """Raise InputError naming the first rows that hold NaN, infinity, or values too large to be squared."""
    for start, block in float_blocks(vectors):
        bad = start + np.flatnonzero(~measurable(block).all(axis=1))
        if len(bad):
            raise InputError(
                f"vectors must be finite, but NaN, infinity or a value of {LARGEST:.0e} and more stands "
                f"in row {', '.join(map(str, bad[:5]))} of {len(vectors)}; leave these rows out, "
                f"or embed their images again"
            )


def _width(k: int) -> int:
    """Return how many candidates to ask for: the vector itself, and room for rounding and ties."""
    return k + 1 + max(8, k // 2)


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

    def search_block(start: int) -> int:
        block = np.arange(start, min(start + size, rows.stop))
        indices[block - rows.start], distances[block - rows.start] = _search(vectors, proposer, block, k)
        return len(block)

    with workers(threads) as pool:
        for done in pool.map(search_block, range(rows.start, rows.stop, size)):
            progress(done)
    return indices, distances


def _search(vectors: Vectors, proposer: Proposer, rows: Rows, k: int) -> tuple[Ints, Floats]:
    """Return the k best of the rows' candidates: (q, k) int32 and (q, k) float32."""
    queries = vectors[rows].astype(np.float32)
    indices, distances = rank(kernel_view(vectors), rows, proposer.propose(queries), k)
    short = np.flatnonzero(indices[:, -1] < 0)  # the lists read held fewer than k vectors
    if len(short):
        every = stream(vectors, queries[short], _width(k))
        indices[short], distances[short] = rank(kernel_view(vectors), rows[short], every, k)
    return indices, distances


def index_search(vectors: Vectors, settings: KnnSettings) -> Search:
    """Prepare an approximate search: train an index on a sample, add all vectors, turn it up far enough."""
    k = neighbors_wanted(len(vectors), settings)
    with single_threaded():
        return _turned_up(vectors, build_index(vectors, 2 * k, settings.index), k, settings)


def _turned_up(vectors: Vectors, proposer: Proposer, k: int, settings: KnnSettings) -> Search:
    """Turn an index's dial so far that a sample reaches the target recall."""
    dial = Dial(proposer.index)
    rows = sample_rows(len(vectors), settings.sample, settings.index.seed)
    every = stream(vectors, vectors[rows].astype(np.float32), _width(k))
    reach = rank(kernel_view(vectors), rows, every, k)[1][:, -1:]  # (sample, 1)
    recall, before, step = 0.0, 0.0, FIRST_STEP if dial.name == "nprobe" else proposer.width
    while True:
        dial.set(step)
        recall, before = float((_search(vectors, proposer, rows, k)[1] <= reach).mean()), recall
        if recall >= settings.target_recall or dial.value == dial.limit:
            return Search(proposer, recall, str(dial))
        if recall - before < 0.005:  # the rest was seen, but stands too low in the PCA's ranking
            proposer.width = min(2 * proposer.width, len(vectors))
        step = step + step // 2


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
