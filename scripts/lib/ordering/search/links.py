"""The lengths that the path search asks for: neighbour lists, and a memory for all other pairs.

A path is a tour through one more node at distance zero from all others; where the tour passes
through it, the path begins and ends. That node has the number n and no neighbour list.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.graph.candidates import Vectors, float_blocks
from scripts.lib.ordering.graph.knn import NeighborGraph
from scripts.lib.ordering.metric import Floats, Ints, distance, kernel_view

REMEMBERED = np.dtype([("node", np.int32), ("length", np.float32)])
SLOTS_PER_NODE = 256
MOST_SLOTS = 1 << 22


class Links(NamedTuple):
    """What the search knows about lengths.

    vectors : (n, d) as `kernel_view` gives them
    neighbors : (n + 1, k) int32, nearest first
    lengths : (n + 1, k) float32, infinite for the last node
    memory : (slots,) REMEMBERED, a power of two above n; the last pair that fell into each slot
    first : the node that the path is to begin with, or -1
    bond : by how much a path that does so is to be preferred
    """

    vectors: npt.NDArray[Any]
    neighbors: Ints
    lengths: Floats
    memory: npt.NDArray[np.void]
    first: int
    bond: float


def make_links(vectors: Vectors, graph: NeighborGraph, width: int, first: int | None = None) -> Links:
    """Take the first neighbours of each vector and an empty memory."""
    n = len(vectors)
    width = min(width, graph.indices.shape[1])
    neighbors = np.zeros((n + 1, width), np.int32)
    neighbors[:n] = graph.indices[:, :width]
    lengths = np.full((n + 1, width), np.inf, np.float32)
    lengths[:n] = graph.distances[:, :width]
    slots = max(n + 1, min(n * SLOTS_PER_NODE, MOST_SLOTS))
    memory = np.empty(1 << (slots - 1).bit_length(), REMEMBERED)
    memory["node"] = -1
    if first is None:
        return Links(kernel_view(vectors), neighbors, lengths, memory, -1, 0.0)
    return Links(kernel_view(vectors), neighbors, lengths, memory, first, strong_bond(vectors))


def strong_bond(vectors: Vectors) -> float:
    """Return more than any one move can gain: many times the largest possible distance."""
    squares = [float(np.einsum("ij,ij->i", block, block).max()) for _, block in float_blocks(vectors)]
    return float(64.0 * 2.0 * max(squares) ** 0.5)


@compiled
def length(links: Links, i: int, j: int) -> float:
    """Return the length of the link between two nodes, one of which may be the extra one."""
    n = links.vectors.shape[0]
    if i == n or j == n:
        return -links.bond if min(i, j) == links.first else 0.0
    # There are more slots than nodes: a slot and the first node of a pair tell the second one.
    slot = links.memory[(i * n + j) & (links.memory.size - 1)]
    if slot.node != i:
        slot.node = i
        slot.length = distance(links.vectors, i, j)
    return np.float64(slot.length)
