"""The heaviest link on the way between two nodes of a spanning tree, without going there.

Links are taken from the lightest to the heaviest, and the smaller of the two components that a link
joins is put under the larger: so every node gets above it the component that it is merged into, and
the weight of the link that does it. Upwards the weights rise. So the way between two nodes is found
from below, always from the one of smaller weight, in at most log(n) steps each.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.vectors import Ints

Doubles = npt.NDArray[np.float64]


class Merges(NamedTuple):
    """How the nodes of a spanning tree came together.

    parents : (n,) int32, the node above each; the one on top is its own
    weights : (n,) float64, of the link that put it there; infinite on top
    """

    parents: Ints
    weights: Doubles


def merge(sources: Ints, targets: Ints, weights: Doubles) -> Merges:
    """Merge n nodes along the links of a spanning tree.

    sources, targets : (n - 1,) int32
    weights : (n - 1,) float64, ascending
    """
    n = len(sources) + 1
    merges = Merges(np.arange(n, dtype=np.int32), np.full(n, np.inf))
    put_smaller_under_larger(sources, targets, weights, np.ones(n, np.int32), merges)
    return merges


def ceilings(merges: Merges) -> Doubles:
    """Return the heaviest link from each node to the one on top: (n,) float64, that one's is -inf."""
    heaviest = np.empty(len(merges.weights))
    climb_all(merges, heaviest)
    return heaviest


@compiled
def put_smaller_under_larger(
    sources: Ints, targets: Ints, weights: Doubles, sizes: Ints, merges: Merges
) -> None:
    """Write the merges; sizes, of the components under each node, are counted meanwhile."""
    for link in range(sources.size):
        small, large = top(merges, sources[link]), top(merges, targets[link])
        if sizes[small] > sizes[large]:
            small, large = large, small
        merges.parents[small] = large
        merges.weights[small] = weights[link]
        sizes[large] += sizes[small]


@compiled
def climb_all(merges: Merges, heaviest: Doubles) -> None:
    """Write the heaviest link from each node to the one on top."""
    last = top(merges, 0)
    for node in range(heaviest.size):
        heaviest[node] = bottleneck(merges, node, last)


@compiled
def bottleneck(merges: Merges, one: int, other: int) -> float:
    """Return the weight of the heaviest link between two nodes, -inf from a node to itself."""
    heaviest = -np.inf
    while one != other:
        if merges.weights[one] > merges.weights[other]:
            one, other = other, one
        heaviest = merges.weights[one]
        one = merges.parents[one]
    return heaviest


@compiled
def top(merges: Merges, node: int) -> int:
    """Return the node above all others of a component."""
    while merges.parents[node] != node:
        node = merges.parents[node]
    return node
