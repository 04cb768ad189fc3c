"""LKH, Helsgaun's implementation of Lin-Kernighan search: the oracle of path lengths up to some thousands.

It is licensed for academic use only, so nothing but these measurements may call it. It comes with
`elkai` in the extra `bench`; without it, lengths are compared with the classical path's.
"""

import importlib.util
from typing import Any

import numpy as np
import numpy.typing as npt

LENGTH_UNITS = 1e6  # LKH counts in whole numbers; the longest distance is given so many units

Vectors = npt.NDArray[Any]


def has_lkh() -> bool:
    """Tell whether LKH is installed."""
    return importlib.util.find_spec("elkai") is not None


def lkh_path(vectors: Vectors) -> npt.NDArray[np.int32]:
    """Order vectors by LKH, as a tour through one more node at distance zero from all others.

    returns : (n,) int32, a permutation
    """
    import elkai

    n = len(vectors)
    distances = all_distances(vectors)
    whole = np.zeros((n + 1, n + 1), np.int64)
    whole[:n, :n] = np.rint(distances * (LENGTH_UNITS / distances.max()))
    tour = elkai.DistanceMatrix(whole.tolist()).solve_tsp()[:-1]
    cut = tour.index(n)
    return np.array(tour[cut + 1 :] + tour[:cut], np.int32)


def all_distances(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Return the Euclidean distances of all pairs: (n, n) float64."""
    wide = vectors.astype(np.float64)
    squares = np.einsum("ij,ij->i", wide, wide)
    expanded = squares[:, np.newaxis] + squares - 2 * wide @ wide.T
    return np.sqrt(np.maximum(expanded, 0))
