"""Approximate indexes of many vectors, made by FAISS, and how far each is searched.

Vectors are projected to where nearly all of their variance is. Up to some hundred thousand they go into
an inverted file; beyond, where it would have to read more and more, into a hierarchical navigable
small world (Malkov and Yashunin 2016), whose cost hardly grows. Either has one dial that buys recall
for time. Indexes are built by one thread, so that they do not depend on the number of threads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.candidates import Proposer, gpus, on_device
from scripts.lib.ordering.vectors import Floats, Vectors, float_blocks, sample_rows

TRAINING_ROWS_PER_LIST = 40
TRAINING_ROUNDS = 8
PCA_ROWS = 20_000
MOST_COLUMNS = 1024  # of a matrix whose eigenvectors take about a second
VARIANCE_KEPT = 0.98
DIMENSION_STEP = 16  # what FAISS handles at once
SMALL_WORLD_LINKS = 12  # per vector and level
SMALL_WORLD_EFFORT = 40  # vectors looked at when one is put in


@dataclass(frozen=True)
class IndexSettings:
    """What an index may take, and from how many vectors on it is a small world."""

    pca_dimension: int = 128
    memory: int = 2 << 30  # bytes for the coordinates; beyond, they are rounded to a byte each
    small_world_from: int = 250_000
    seed: int = 0


class Dial:
    """What buys recall for time: the lists that are read, or the vectors that are looked at.

    limit : where nothing more is to be bought
    """

    def __init__(self, index: Any) -> None:
        transformed: Any = faiss.downcast_index(index)
        inner: Any = faiss.downcast_index(transformed.index)
        self.holder: Any
        if isinstance(inner, faiss.IndexHNSW):
            self.holder, self.name, self.limit = inner.hnsw, "efSearch", int(index.ntotal)
        else:
            self.holder, self.name, self.limit = inner, "nprobe", int(inner.nlist)

    @property
    def value(self) -> int:
        """Return where it stands."""
        return int(getattr(self.holder, self.name))

    def set(self, value: int) -> None:
        """Turn it, to the limit at most."""
        setattr(self.holder, self.name, min(value, self.limit))

    def __str__(self) -> str:
        if self.name == "nprobe":
            return f"inverted file, {self.value} of {self.limit} lists read"
        return f"small world, {self.value} vectors kept in view"


def build_index(vectors: Vectors, width: int, settings: IndexSettings) -> Proposer:
    """Index all vectors in a PCA's space.

    vectors : (n, d) float16 or float32
    width : number of candidates to name
    """
    n = len(vectors)
    lists = max(1, min(int(4 * np.sqrt(n)), n // TRAINING_ROWS_PER_LIST))
    sample = vectors[sample_rows(n, TRAINING_ROWS_PER_LIST * lists, settings.seed)].astype(np.float32)
    pca = _pca(sample, settings.pca_dimension)
    fits = n * pca.d_out * np.dtype(np.float32).itemsize <= settings.memory
    if n < settings.small_world_from or gpus():
        inner = _inverted_file(pca.d_out, lists, fits, settings.seed)
    else:
        inner = _small_world(pca.d_out, fits)
    index = faiss.IndexPreTransform(pca, inner)
    index.train(sample)
    for _, block in float_blocks(vectors):
        index.add(block)
    return Proposer(on_device(index), min(width, n))


def _inverted_file(dimension: int, lists: int, fits: bool, seed: int) -> Any:
    coarse = faiss.IndexFlatL2(dimension)
    index: Any
    if fits:
        index = faiss.IndexIVFFlat(coarse, dimension, lists)
    else:
        index = faiss.IndexIVFScalarQuantizer(coarse, dimension, lists, faiss.ScalarQuantizer.QT_8bit)
    index.cp.seed, index.cp.niter = seed + 1, TRAINING_ROUNDS
    return index


def _small_world(dimension: int, fits: bool) -> Any:
    index: Any
    if fits:
        index = faiss.IndexHNSWFlat(dimension, SMALL_WORLD_LINKS)
    else:
        kind: Any = faiss.ScalarQuantizer.QT_8bit
        index = faiss.IndexHNSWSQ(dimension, kind, SMALL_WORLD_LINKS)
    index.hnsw.efConstruction = SMALL_WORLD_EFFORT
    return index


def _pca(sample: Floats, most: int) -> Any:
    """Return a trained projection to the fewest directions with nearly all variance."""
    d = sample.shape[1]
    # Of fewer rows than columns FAISS takes the Gram matrix, which is no larger than MOST_COLUMNS then.
    rows = PCA_ROWS if d <= MOST_COLUMNS else MOST_COLUMNS
    pca = faiss.PCAMatrix(d, min(d, most))
    pca.train(sample[:: -(-len(sample) // rows)][:rows])
    variances = np.maximum(faiss.vector_to_array(pca.eigenvalues), 0.0)  # all d, the largest first
    needed = int(np.searchsorted(variances.cumsum(), VARIANCE_KEPT * variances.sum())) + 1
    pca.d_out = min(most, d, -(-needed // DIMENSION_STEP) * DIMENSION_STEP)
    pca.prepare_Ab()
    return pca


def packed(index: Any) -> npt.NDArray[np.uint8]:
    """Return an index as bytes."""
    on_cpu = faiss.index_gpu_to_cpu(index) if gpus() else index
    content: npt.NDArray[np.uint8] = faiss.serialize_index(on_cpu)
    return content


def streamed(read: Callable[[int], bytes]) -> Any:
    """Return the index that bytes were made of, taken piece by piece, so that they are never held beside it.

    Raises RuntimeError where they are no index.
    """
    library: Any = faiss
    return library.read_index(library.PyCallbackIOReader(read))
