"""FAISS as a proposer of likely neighbours: wide, fast, and never the judge.

Its distances come from the norm expansion or from a PCA's space and are thrown away. Each call is
kept to one thread: callers share out blocks of queries of a fixed size instead, which gives the
same candidates however many threads there are.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import faiss
import numpy as np

from scripts.lib.ordering.vectors import Floats, Rows, Vectors, centre_of, float_blocks

GPU_WORKSPACE = 1 << 28  # bytes; FAISS would take 1.5 GB, on a card where torch may embed other images

# From so many numbers in all queries of a call on FAISS multiplies matrices instead of comparing one by one.
# Its own limit, 128,000, makes 200 queries of 617 numbers ten times slower than 210.
PRODUCT_FROM = 1 << 12
faiss.cvar.distance_compute_blas_threshold = min(PRODUCT_FROM, faiss.cvar.distance_compute_blas_threshold)


@dataclass
class Proposer:
    """A FAISS index, which projects what it is given by itself, and how many candidates it names.

    centre : (d,) float32, taken off what was indexed, and off each query
    """

    index: Any
    width: int
    centre: Floats | None = None

    def propose(self, queries: Floats) -> Rows:
        """Return the likely nearest rows: (q, width) int64, -1 where there are no more."""
        rows: Rows = self.index.search(self._around_centre(queries), self.width)[1]
        return rows

    def add(self, vectors: Floats) -> None:
        """Put more vectors into the index, behind the others."""
        self.index.add(self._around_centre(vectors))

    def _around_centre(self, vectors: Floats) -> Floats:
        return vectors if self.centre is None else vectors - self.centre


def exhaustive(vectors: Vectors, width: int) -> Proposer:
    """Index all vectors, so that every query meets every vector.

    Around their centre: the norm expansion loses least near the origin.
    """
    return _exhaustive_around(centre_of(vectors), vectors, min(width, len(vectors)))


def _exhaustive_around(centre: Floats, vectors: Vectors, width: int) -> Proposer:
    index = faiss.IndexFlatL2(vectors.shape[1])
    for _, block in float_blocks(vectors):
        index.add(block - centre)
    return Proposer(on_device(index), width, centre)


def stream(vectors: Vectors, queries: Floats, width: int) -> Rows:
    """Propose from all vectors without holding them: each block's nearest, side by side.

    returns : (q, blocks * width) int64, -1 where a block holds fewer
    """
    centre = centre_of(vectors)
    return np.hstack(
        [
            np.where(rows < 0, -1, rows + start)
            for start, block in float_blocks(vectors)
            for rows in [_exhaustive_around(centre, block, width).propose(queries)]
        ]
    )


@contextmanager
def single_threaded() -> Iterator[None]:
    """Keep FAISS to one thread in the calling thread."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def workers(threads: int) -> ThreadPoolExecutor:
    """Make a pool whose threads each keep FAISS to themselves; one thread only before a GPU."""
    # OpenMP's limit belongs to the thread that sets it, hence the initializer.
    return ThreadPoolExecutor(1 if gpus() else threads, "knn", faiss.omp_set_num_threads, (1,))


def gpus() -> int:
    """Return how many GPUs FAISS sees."""
    return int(faiss.get_num_gpus()) if hasattr(faiss, "get_num_gpus") else 0


def on_device(index: Any) -> Any:
    """Move an index to the first GPU where there is one."""
    return faiss.index_cpu_to_gpu(_gpu_resources(), 0, index) if gpus() else index


@cache
def _gpu_resources() -> Any:
    resources = faiss.StandardGpuResources()
    resources.setTempMemory(GPU_WORKSPACE)
    return resources
