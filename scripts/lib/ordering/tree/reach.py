"""What a nearest-neighbour graph tells about the links that it does not list."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.vectors import Floats, Vectors, centre_of, float_blocks

Doubles = npt.NDArray[np.float64]

SINGLE_PRECISION = 2.0**-24


def reaches(vectors: Vectors, graph: NeighborGraph) -> Doubles:
    """Return the distance that no unlisted neighbour of each node falls below: (n,) float64.

    It is that of the last listed one, r, less what single precision can have hidden when FAISS left a
    vector out: the rounding of |x|^2 + |y|^2 - 2xy, once for the vector and once for its rival, both of
    which are no longer than |x| + r, seen from the centre; and the rounding of the metric itself.
    Infinite where all are listed; zero where the neighbours were not searched exactly.
    """
    n, k = graph.distances.shape
    if k >= n - 1:
        return np.full(n, np.inf)
    if graph.method != "exact":
        return np.zeros(n)
    furthest = graph.distances[:, -1].astype(np.float64)
    rounding = 2 * 4 * (vectors.shape[1] + 8) * SINGLE_PRECISION * (norms(vectors) + furthest) ** 2
    squares: Doubles = furthest**2 - rounding
    return np.sqrt(np.maximum(squares, 0.0))


def norms(vectors: Vectors) -> Doubles:
    """Return how far each vector lies from the centre around which FAISS searched: (n,) float64."""
    centre = centre_of(vectors)
    squares = [np.einsum("ij,ij->i", block, block) for block in _around(centre, vectors)]
    lengths: Doubles = np.sqrt(np.concatenate(squares))
    return lengths


def _around(centre: Floats, vectors: Vectors) -> Iterator[Doubles]:
    return (block.astype(np.float64) - centre for _, block in float_blocks(vectors))
