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

from scripts.lib.errors import InputError
from scripts.lib.ordering.graph.candidates import Proposer, exhaustive, gpus, single_threaded, stream
from scripts.lib.ordering.graph.indexes import Dial, IndexSettings, build_index
from scripts.lib.ordering.graph.knn_search import Progress, candidates_for, rank, search_block, search_rows
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.metric import kernel_view
from scripts.lib.ordering.vectors import (
    LARGEST,
    Vectors,
    float_blocks,
    measurable,
    sample_rows,
)

GIGABYTE = 1 << 30
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
        return Search(exhaustive(vectors, candidates_for(k)), 1.0, "exact")


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


def index_search(vectors: Vectors, settings: KnnSettings) -> Search:
    """Prepare an approximate search: train an index on a sample, add all vectors, turn it up far enough."""
    k = neighbors_wanted(len(vectors), settings)
    with single_threaded():
        return _turned_up(vectors, build_index(vectors, 2 * k, settings.index), k, settings)


def _turned_up(vectors: Vectors, proposer: Proposer, k: int, settings: KnnSettings) -> Search:
    """Turn an index's dial so far that a sample reaches the target recall."""
    dial = Dial(proposer.index)
    rows = sample_rows(len(vectors), settings.sample, settings.index.seed)
    every = stream(vectors, vectors[rows].astype(np.float32), candidates_for(k))
    reach = rank(kernel_view(vectors), rows, every, k)[1][:, -1:]  # (sample, 1)
    recall, before, step = 0.0, 0.0, FIRST_STEP if dial.name == "nprobe" else proposer.width
    while True:
        dial.set(step)
        recall, before = float((search_block(vectors, proposer, rows, k)[1] <= reach).mean()), recall
        if recall >= settings.target_recall or dial.value == dial.limit:
            return Search(proposer, recall, str(dial))
        if recall - before < 0.005:  # the rest was seen, but stands too low in the PCA's ranking
            proposer.width = min(2 * proposer.width, len(vectors))
        step = step + step // 2
