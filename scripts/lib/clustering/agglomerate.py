"""Agglomerative clustering of weighted points by the nearest-neighbour chain.

The chain goes from each cluster to its nearest one until two are each other's nearest, and joins these
(Murtagh 1983; Müllner 2011). Distances to the joined cluster follow from those to its parts (Lance and
Williams 1967). Points have weights, so that centroids of many rows can stand for them; no library has that.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from scripts.lib.clustering.dendrogram import Dendrogram, from_merges
from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.vectors import Floats

Linkage = Literal["ward", "average"]
Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


def agglomerate(points: Floats, weights: npt.NDArray[np.int64], linkage: Linkage) -> Dendrogram:
    """Return the tree of points joined two by two; memory and time grow with m².

    points : (m, d) float32, m > 0
    weights : (m,) int64, how many rows each point stands for
    linkage : ward (heights as SciPy's) or average
    """
    m = len(points)
    distances = _squared_distances(points)
    if linkage == "ward":
        distances *= 2 * np.outer(weights, weights) / np.add.outer(weights, weights)
    else:
        np.sqrt(distances, out=distances)
    merges, heights = np.empty((m - 1, 2), np.int64), np.empty(m - 1)
    state = np.empty((3, m), np.int64)
    _chain(distances, weights.astype(np.int64), linkage == "ward", state, merges, heights)
    return from_merges(merges, np.sqrt(heights) if linkage == "ward" else heights, m)


def _squared_distances(points: Floats) -> Doubles:
    """Return the squared distances of all pairs: (m, m) float64, none negative."""
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    norms = np.einsum("ij,ij->i", centred, centred)
    distances: Doubles = centred @ centred.T
    distances *= -2
    distances += norms[:, None]
    distances += norms[None]
    return np.maximum(distances, 0, out=distances)


@compiled
def _chain(
    distances: Doubles, weights: Longs, ward: bool, state: Longs, merges: Longs, heights: Doubles
) -> None:
    """Join all points; of two that are joined the second one's row stands for both.

    distances : (m, m) float64, overwritten; squared for Ward
    state : (3, m) int64, room for the chain, and for who is alive
    merges, heights : (m - 1, 2) int64 and (m - 1,) float64, written in the order of joining
    """
    m = len(weights)
    chain, alive, sizes = state[0], state[1], state[2]
    for i in range(m):
        alive[i], sizes[i] = 1, weights[i]
    length, start = 0, 0
    for done in range(m - 1):
        if length == 0:
            while not alive[start]:
                start += 1
            chain[0], length = start, 1
        while True:
            tip = chain[length - 1]
            # What the chain comes from wins ties, or it would go round in circles.
            nearest = chain[length - 2] if length > 1 else -1
            least = distances[tip, nearest] if length > 1 else np.inf
            for i in range(m):
                if alive[i] and i != tip and distances[tip, i] < least:
                    nearest, least = i, distances[tip, i]
            if length > 1 and nearest == chain[length - 2]:
                break
            chain[length] = nearest
            length += 1
        length -= 2
        merges[done, 0], merges[done, 1], heights[done] = min(tip, nearest), max(tip, nearest), least
        _join(distances, sizes, alive, ward, min(tip, nearest), max(tip, nearest))


@compiled
def _join(distances: Doubles, sizes: Longs, alive: Longs, ward: bool, one: int, other: int) -> None:
    """Let the row of `other` stand for both."""
    alive[one] = 0
    between = distances[one, other]
    for i in range(len(alive)):
        if alive[i] and i != other:
            to_one, to_other = distances[one, i], distances[other, i]
            if ward:
                whole = float(sizes[one] + sizes[other] + sizes[i])
                joined = (sizes[one] + sizes[i]) * to_one + (sizes[other] + sizes[i]) * to_other
                joined = max((joined - sizes[i] * between) / whole, 0.0)
            else:
                joined = (sizes[one] * to_one + sizes[other] * to_other) / (sizes[one] + sizes[other])
            distances[other, i] = joined
            distances[i, other] = joined
    sizes[other] += sizes[one]
