"""The nearest vectors to a query: proposed in single precision, judged in double precision.

Whatever proposes them, a scan of all vectors or an index, distances are computed anew here, and equal ones
are ranked by the item. A scan proposes everything that may be among the nearest up to its rounding, so what
comes of it is what double precision would find among all.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.scan import squared_distances
from scripts.lib.ordering.vectors import Floats, Ints

Doubles = npt.NDArray[np.float64]

ROUNDING = 1e-5  # of a squared distance in single precision, relative; of directions absolute
JUDGED_ROWS = 4096
FURTHEST = np.sqrt(2.0)  # from a direction to what has none


class Near(NamedTuple):
    """Rows by their distance.

    rows : (m,) int64
    distances : (m,) float64
    """

    rows: npt.NDArray[np.int64]
    distances: Doubles


def scanned(vectors: npt.NDArray[Any], rows: Ints, query: Floats, width: int, by_direction: bool) -> Ints:
    """Return at least the `width` nearest of some rows, and all that are as near up to rounding.

    rows : (m,) int32, ascending
    """
    if width >= len(rows):
        return rows
    squares = squared_distances(vectors, rows, query, by_direction)
    limit = float(np.partition(squares, width)[width])
    return rows[squares <= limit + ROUNDING * (1.0 if by_direction else limit)]


def judged(vectors: npt.NDArray[Any], rows: npt.NDArray[Any], query: Floats, by_direction: bool) -> Near:
    """Return rows with their exact distances, in the order given; without those that are not finite."""
    starts = range(0, len(rows), JUDGED_ROWS)
    blocks = [_distances(vectors[rows[i : i + JUDGED_ROWS]], query, by_direction) for i in starts]
    distances = np.concatenate([np.empty(0), *blocks])
    finite = np.isfinite(distances)
    return Near(rows[finite].astype(np.int64), distances[finite])


def _distances(vectors: npt.NDArray[Any], query: Floats, by_direction: bool) -> Doubles:
    wide, target = vectors.astype(np.float64), query.astype(np.float64)
    if not by_direction:
        gaps: Doubles = np.linalg.norm(wide - target, axis=1)
        return gaps
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    directions = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths != 0)
    gaps = np.linalg.norm(directions - direction(target), axis=1)
    gaps[lengths[:, 0] == 0] = FURTHEST
    return gaps


def direction(vector: npt.NDArray[Any]) -> Doubles:
    """Return a vector at length 1, in double precision; one without a direction stays as it is."""
    wide = vector.astype(np.float64)
    length = float(np.linalg.norm(wide))
    return wide / length if length else wide
