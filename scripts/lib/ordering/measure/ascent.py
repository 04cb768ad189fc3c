"""Node potentials that make the lightest 1-tree look like a path, and so give a high lower bound.

Any potentials give a bound (`one_tree`). They climb: a node with too many links is made dearer, one
with too few cheaper, by a step that halves from period to period (Held and Karp 1971, Volgenant and
Jonker 1982, Helsgaun 2000). Each period starts where the bound was highest so far. Steps are measured in
the distances around each node, so that dense and sparse regions climb at the same time.
Near-duplicates share one potential: among themselves nearly all trees weigh the same, and their
degrees would only swing.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.measure.one_tree import KnownLinks, lightest_one_tree
from scripts.lib.ordering.tree.edges import graph_edges
from scripts.lib.ordering.tree.forest import label_islands
from scripts.lib.ordering.vectors import Ints

Doubles = npt.NDArray[np.float64]

PERIODS = 10
FIRST_STEP = 0.1  # of the distance to the nearest vector that is no near-duplicate
MOMENTUM = 0.3  # share of the round before in each step
MOST_EXCESS = 4  # links in excess of two that count: a full count of a hub's would throw it away
NEAR_DUPLICATE = 0.1  # of the distance to the last listed neighbour


class Groups(NamedTuple):
    """Near-duplicates, which share a potential.

    labels : (n,) int32, the group of each node
    scales : (groups,) float64, mean distance to the nearest vector that is no near-duplicate
    """

    labels: Ints
    scales: Doubles


def dense_groups(graph: NeighborGraph) -> Groups:
    """Group vectors that lie much closer to each other than their last listed neighbours do."""
    n = len(graph.indices)
    edges, limits = graph_edges(graph), NEAR_DUPLICATE * graph.distances[:, -1]
    near = edges["distance"] <= np.minimum(limits[edges["source"]], limits[edges["target"]])
    labels = label_islands(edges[near], n)
    further = np.where(graph.distances > limits[:, np.newaxis], graph.distances, np.inf)  # (n, k)
    nearest = further.min(axis=1, initial=np.inf)
    nearest[np.isinf(nearest)] = 0.0  # nothing but copies is listed
    scales = np.bincount(labels, nearest) / np.bincount(labels)
    return Groups(labels, scales)


def climb(
    known: KnownLinks,
    groups: Groups,
    rounds: int,
    progress: Callable[[int], None] = lambda rounds: None,
) -> Doubles:
    """Return the potentials that gave the highest bound on the way up: (n,) float64.

    rounds : at least 1; more bring the bound closer to the best of its kind
    progress : called with the number of rounds newly done
    """
    labels, scales = groups
    highest, best = -np.inf, np.zeros(len(scales))
    shared, direction, period = best, best, 0
    for turn in range(rounds):
        if turn * PERIODS // rounds != period:
            period = turn * PERIODS // rounds
            shared, direction = best, np.zeros_like(best)
        bound, degrees, _ = lightest_one_tree(known, shared[labels])
        if turn == 0:
            scales = np.maximum(scales, NEAR_DUPLICATE * bound / len(labels))  # copies move, too
        if bound > highest:
            highest, best = bound, shared
        excess = np.minimum(np.bincount(labels, degrees - 2.0), MOST_EXCESS)  # (groups,)
        direction = (1 - MOMENTUM) * excess + MOMENTUM * direction
        shared = shared + FIRST_STEP * 0.5**period * scales * direction
        progress(1)
    return best[labels]
