"""Islands: vectors that no listed link joins to the others, and how far away those are at least.

By the triangle inequality no outside vector is nearer to an island than its distance from the
island's centre less the island's radius. That takes one look at all vectors for each island, and
tells most where most depends on it: of islands much farther apart than they are wide. All others
count as one mainland.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.tree.edges import graph_edges
from scripts.lib.ordering.tree.forest import label_islands
from scripts.lib.ordering.vectors import Ints, Vectors, float_blocks

Doubles = npt.NDArray[np.float64]

MOST_WORK = 2e10  # multiplications, some seconds on one core
SINGLE_PRECISION = 2.0**-24


class Islands(NamedTuple):
    """The mainland, which is number 0, and the islands far from all others.

    labels : (n,) int32, the island of each node
    hubs : (h,) int32, one node of each
    separations : (h,) float64, what no link that leaves an island falls below; 0 for the mainland
    """

    labels: Ints
    hubs: Ints
    separations: Doubles


class Leaving(NamedTuple):
    """The least that a link out of each island can weigh; without meaning for the mainland.

    weights : (h,) float64
    inside, outside : (h,) int32, the nodes whose potentials are in it
    """

    weights: Doubles
    inside: Ints
    outside: Ints


def far_islands(vectors: Vectors, graph: NeighborGraph, reach: Doubles, largest: float) -> Islands:
    """Find the islands that lie farther from all others than any of their nodes reaches.

    vectors : (n, d) float16 or float32
    reach : (n,) float64, what no unlisted link of a node falls below
    largest : number of nodes from which on an island counts to the mainland
    """
    labels = label_islands(graph_edges(graph), len(vectors))
    sizes = np.bincount(labels)
    distances, widest = np.zeros(len(sizes)), np.zeros(len(sizes))
    if len(sizes) > 1 and float(len(sizes)) * vectors.size <= MOST_WORK:
        distances = separations(vectors, labels)
    np.maximum.at(widest, labels, reach)
    far = (distances > widest) & (sizes < largest)
    far[sizes.argmax()] = False
    labels = (np.cumsum(far) * far)[labels].astype(np.int32)
    hubs, by_reach = np.empty(1 + far.sum(), np.int32), np.argsort(-reach, kind="stable")
    hubs[labels[by_reach]] = by_reach  # what is written last stays: the node whose charge is missed least
    return Islands(labels, hubs, np.append(0.0, distances[far]))


def separations(vectors: Vectors, labels: Ints) -> Doubles:
    """Return what no distance from an island to the others falls below: (islands,) float64.

    labels : (n,) int32, the number of each vector's island
    """
    from scipy.spatial.distance import cdist  # here, because most collections have one island

    centres = means(vectors, labels)
    radii, nearest = np.zeros(len(centres)), np.full(len(centres), np.inf)
    for start, block in float_blocks(vectors):
        own = np.arange(len(block)), labels[start : start + len(block)]
        distances = cdist(block, centres)  # (rows, islands)
        np.maximum.at(radii, own[1], distances[own])
        distances[own] = np.inf
        nearest = np.minimum(nearest, distances.min(axis=0))
    rounding = 2 * (vectors.shape[1] + 8) * SINGLE_PRECISION  # of the metric, as a share
    least: Doubles = np.maximum((nearest - radii) * (1 - rounding), 0.0)
    return least


def means(vectors: Vectors, labels: Ints) -> Doubles:
    """Return the centre of each island: (islands, d) float64."""
    from scipy.sparse import csr_array

    sizes = np.bincount(labels)
    sums = np.zeros((len(sizes), vectors.shape[1]))
    for start, block in float_blocks(vectors):
        rows, own = np.arange(len(block)), labels[start : start + len(block)]
        members = csr_array((np.ones(len(block)), (own, rows)), shape=(len(sizes), len(block)))
        sums += members @ block
    centres: Doubles = sums / sizes[:, np.newaxis]
    return centres


def lightest_leaving(islands: Islands, potentials: Doubles) -> Leaving:
    """Return what no link out of an island falls below under potentials: (n,) float64."""
    inside = islands.hubs.copy()
    lowest_nodes(islands, potentials, inside)
    ranked = inside[np.argsort(potentials[inside], kind="stable")]
    outside = np.where(inside == ranked[0], ranked[:2][-1], ranked[0])
    return Leaving(islands.separations + potentials[inside] + potentials[outside], inside, outside)


@compiled
def lowest_nodes(islands: Islands, potentials: Doubles, lowest: Ints) -> None:
    """Replace any node of each island by the one of lowest potential."""
    for node in range(potentials.size):
        island = islands.labels[node]
        if potentials[node] < potentials[lowest[island]]:
            lowest[island] = node
