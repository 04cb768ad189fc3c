"""What a method of projection is given: items, their neighbours, and where they are to begin.

A method bears only so many items. Beyond, it is given a sample drawn by lot, and never knows of the others.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.indexes import IndexSettings
from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.vectors import Vectors, sample_rows

Doubles = npt.NDArray[np.float64]
Places = npt.NDArray[np.float32]
Phases = Callable[[int, str], AbstractContextManager[Callable[[int], None]]]  # total, unit


@dataclass(frozen=True)
class ProjectionSettings:
    """How items are laid out.

    method : 'pca', 'tsne', 'umap', 'isomap', 'lle' or 'mds'
    neighbors : of each item that the map is to keep near it
    limit : items that a method is given at most; None for what it bears
    """

    method: str = "umap"
    neighbors: int = 15
    limit: int | None = None
    seed: int = 0
    threads: int = 1


class Sample(NamedTuple):
    """Some items, or all of them.

    rows : (m,) int64, ascending, of the matrix of vectors
    vectors : (m, d) float16 or float32
    graph : the nearest neighbours of each within the sample
    start : (m, 3) float64, principal components, the widest first
    """

    rows: npt.NDArray[np.int64]
    vectors: Vectors
    graph: NeighborGraph
    start: Doubles

    def scaled(self) -> Doubles:
        """Return the vectors around their centre, in units of their spread: (m, d) float64."""
        wide: Doubles = self.vectors.astype(np.float64)
        wide -= wide.mean(axis=0)
        spread = float(np.sqrt(np.square(wide).sum(axis=1).mean()))
        wide /= spread or 1.0
        return wide

    def jittered_start(self, dimensions: int, seed: int) -> Doubles:
        """Return the first principal components in units of the first one's spread: (m, dimensions).

        A little noise keeps apart what is equal, and gives an extent to what is flat.
        """
        start = self.start[:, :dimensions] / (float(self.start[:, 0].std()) or 1.0)
        noise: Doubles = np.random.default_rng(seed).normal(scale=1e-4, size=start.shape)
        return start + noise


def draw_sample(
    vectors: Vectors,
    graph: NeighborGraph,
    start: Doubles,
    size: int,
    neighbors: int,
    settings: ProjectionSettings,
    phases: Phases,
) -> Sample:
    """Take all items, or draw some of them; find the neighbours that are not known yet.

    graph : of all items, with any number of neighbours
    neighbors : how many are wanted, 0 for none
    """
    n = len(vectors)
    rows = sample_rows(n, size, settings.seed)
    wanted = min(neighbors, len(rows) - 1)
    if len(rows) == n and graph.indices.shape[1] >= wanted:
        return Sample(rows, vectors, cut(graph, wanted), start)
    some = vectors if len(rows) == n else np.asarray(vectors[rows])
    if not wanted:
        return Sample(rows, some, cut(graph, 0), start[rows])
    with phases(len(rows), "neighbourhoods") as count:
        search = KnnSettings(k=wanted, index=IndexSettings(seed=settings.seed))
        found = nearest_neighbors(some, search, settings.threads, count)
    return Sample(rows, some, found, start[rows])


def cut(graph: NeighborGraph, k: int) -> NeighborGraph:
    """Return the graph with the first k neighbours of each item."""
    return graph._replace(indices=graph.indices[:, :k], distances=graph.distances[:, :k])


Fit = Callable[[Sample, int, ProjectionSettings, Phases], npt.NDArray[Any]]
