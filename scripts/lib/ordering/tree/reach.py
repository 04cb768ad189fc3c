"""What a nearest-neighbour graph tells about the links that it does not list."""

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.candidates import Vectors, float_blocks
from scripts.lib.ordering.graph.knn import NeighborGraph

Doubles = npt.NDArray[np.float64]

SINGLE_PRECISION = 2.0**-24


def reaches(vectors: Vectors, graph: NeighborGraph) -> Doubles:
    """Return the distance that no unlisted neighbour of each node falls below: (n,) float64.

    It is that of the last listed one, less what single precision can have hidden when FAISS left
    a vector out: the rounding of |x|^2 + |y|^2 - 2xy, once for the vector and once for its rival.
    Infinite where all are listed; zero where the neighbours were not searched exactly.
    """
    n, k = graph.distances.shape
    if k >= n - 1:
        return np.full(n, np.inf)
    if graph.method != "exact":
        return np.zeros(n)
    largest = max(float(np.einsum("ij,ij->i", block, block).max()) for _, block in float_blocks(vectors))
    rounding = 2 * 4 * (vectors.shape[1] + 4) * SINGLE_PRECISION * largest
    squares: Doubles = graph.distances[:, -1].astype(np.float64) ** 2 - rounding
    return np.sqrt(np.maximum(squares, 0.0))
