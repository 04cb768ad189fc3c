"""A path as a doubly linked ring, into which nodes are put and out of which they are taken.

The ring closes through one more node, n, at distance zero from all others: so before the first node and
after the last one are gaps like any other.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.metric import distance
from scripts.lib.ordering.vectors import Ints, Rows


class Ring(NamedTuple):
    """A path, linked; the extra node, n, stands before its first and after its last node.

    before, after : (n + 1,) int64, -1 for a node that is not on the path
    """

    before: Rows
    after: Rows


def make_ring(path: Ints, n: int) -> Ring:
    """Link a path of at least one node, and the extra node n, into a ring."""
    ring = Ring(np.full(n + 1, -1), np.full(n + 1, -1))
    whole = np.append(path, n)
    ring.after[whole], ring.before[whole] = np.roll(whole, -1), np.roll(whole, 1)
    return ring


@njit(cache=True, nogil=True)
def link(vectors: npt.NDArray[Any], one: int, other: int) -> float:
    """Return the length between two nodes of the ring, zero where one is the extra node."""
    n = vectors.shape[0]
    return 0.0 if one == n or other == n else np.float64(distance(vectors, one, other))


@njit(cache=True, nogil=True)
def tie(ring: Ring, one: int, other: int) -> None:
    """Let a node follow another one."""
    ring.after[one], ring.before[other] = other, one


@njit(cache=True, nogil=True)
def unroll(ring: Ring) -> Ints:
    """Return the nodes on the ring, from the extra node on, which is left out."""
    extra = ring.after.size - 1
    path = np.empty(extra, np.int32)
    node = extra
    for place in range(path.size):
        node = ring.after[node]
        path[place] = node
    return path
