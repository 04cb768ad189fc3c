"""Neighbour lists that take in what is nearer than their last entry, and let that one go."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.metric import distance
from scripts.lib.ordering.vectors import Floats, Ints, Rows


class Lists(NamedTuple):
    """The neighbours known of each vector, by (distance, index); short lists end in -1 and infinity.

    indices : (n, k) int32
    distances : (n, k) float32, Euclidean
    """

    indices: Ints
    distances: Floats


def empty_lists(n: int, k: int) -> Lists:
    """Make lists in which nothing is known."""
    return Lists(np.full((n, k), -1, np.int32), np.full((n, k), np.inf, np.float32))


@njit(cache=True, nogil=True)
def offer_back(vectors: npt.NDArray[Any], lists: Lists, rows: Rows, proposed: Ints) -> None:
    """Offer each row to those that were proposed to it.

    rows : (q,) int64;  proposed : (q, width) int32, -1 for none
    """
    for line in range(rows.size):
        for other in proposed[line]:
            if other >= 0:
                offer(vectors, lists, other, rows[line])


@njit(cache=True, nogil=True)
def offer_through(vectors: npt.NDArray[Any], lists: Lists, rows: Rows, offered: Ints) -> None:
    """Offer to each row what each of its neighbours has to offer; only the rows' own lists change.

    offered : (n, k) int32, -1 for none; not the lists themselves, so that rows may be shared out
    """
    for row in rows:
        for neighbor in lists.indices[row].copy():
            if neighbor >= 0:
                for other in offered[neighbor]:
                    if other >= 0:
                        offer(vectors, lists, row, other)


@njit(cache=True, nogil=True)
def offer(vectors: npt.NDArray[Any], lists: Lists, row: int, other: int) -> None:
    """Take a vector into a row's list if it is nearer than the last one there, and not yet listed."""
    indices, distances = lists.indices[row], lists.distances[row]
    if other == row or (indices == other).any():
        return
    length, place = distance(vectors, row, other), indices.size
    while place > 0 and (length, other) < (distances[place - 1], indices[place - 1]):
        place -= 1
    if place < indices.size:
        for later in range(indices.size - 1, place, -1):
            indices[later], distances[later] = indices[later - 1], distances[later - 1]
        indices[place], distances[place] = other, length
