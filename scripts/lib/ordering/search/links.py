"""The lengths that the path search asks for: neighbour lists, and a memory for all other pairs.

The search counts in whole units, of which the largest possible distance has up to 2 ** 44. Sums and
differences of some links are then exact in double precision: an exchange that gains nothing never seems to
gain, and no search goes round in circles.

A path is a tour through one more node at distance zero from all others; where the tour passes
through it, the path begins and ends. That node has the number n and no neighbour list.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.metric import distance, kernel_view
from scripts.lib.ordering.vectors import Floats, Ints, Vectors, float_blocks

REMEMBERED = np.dtype([("node", np.int32), ("length", np.float32)])
SLOTS_PER_NODE = 256
MOST_SLOTS = 1 << 22
LONGEST_BITS = 44
BOND = 2.0**51  # of the extra node and the one to begin with, for which any move's gain is given up


class Links(NamedTuple):
    """What the search knows about lengths, in units.

    vectors : (n, d) as `kernel_view` gives them
    units : how many there are to a distance of 1, a power of two
    neighbors : (n + 1, k) int32, nearest first
    lengths : (n + 1, k) float32, whole numbers, infinite for the last node
    memory : (slots,) REMEMBERED, a power of two above n; the last pair that fell into each slot
    first : the node that the path is to begin with, or -1
    """

    vectors: npt.NDArray[Any]
    units: float
    neighbors: Ints
    lengths: Floats
    memory: npt.NDArray[np.void]
    first: int


def make_links(vectors: Vectors, graph: NeighborGraph, width: int, first: int | None = None) -> Links:
    """Take the first neighbours of each vector and an empty memory."""
    n = len(vectors)
    width = min(width, graph.indices.shape[1])
    neighbors = np.zeros((n + 1, width), np.int32)
    neighbors[:n] = graph.indices[:, :width]
    lengths = np.full((n + 1, width), np.inf, np.float32)
    units = units_per_length(vectors)
    lengths[:n] = np.rint(graph.distances[:, :width] * units)
    slots = max(n + 1, min(n * SLOTS_PER_NODE, MOST_SLOTS))
    memory = np.empty(1 << (slots - 1).bit_length(), REMEMBERED)
    memory["node"] = -1
    return Links(kernel_view(vectors), units, neighbors, lengths, memory, -1 if first is None else first)


def units_per_length(vectors: Vectors) -> float:
    """Return the power of two that brings the largest possible distance to between 2 ** 43 and 2 ** 44."""
    squares = [float(np.einsum("ij,ij->i", block, block).max()) for _, block in float_blocks(vectors)]
    _, exponent = math.frexp(2.0 * max(squares) ** 0.5)
    return math.ldexp(1.0, LONGEST_BITS - exponent)


@compiled
def length(links: Links, i: int, j: int) -> float:
    """Return the length of the link between two nodes in units; one of them may be the extra one."""
    n = links.vectors.shape[0]
    if i == n or j == n:
        return -BOND if min(i, j) == links.first else 0.0
    # There are more slots than nodes: a slot and the first node of a pair tell the second one.
    slot = links.memory[(i * n + j) & (links.memory.size - 1)]
    if slot.node != i:
        slot.node = i
        slot.length = np.float32(np.rint(distance(links.vectors, i, j) * links.units))
    return np.float64(slot.length)
