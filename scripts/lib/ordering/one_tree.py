"""The lightest 1-tree under node potentials: what no path through all vectors can undercut.

Every link (i, j) of length d weighs d + p[i] + p[j]. A path from s to t passes every node twice but
its ends, so its length is its weight less twice the sum of p, plus p[s] + p[t]; and as a spanning
tree it weighs no less than the lightest one (Held and Karp 1970). In terms of tours: the node that
joins both ends at distance zero is the one whose two links are added to the tree.

Of a nearest-neighbour graph only the listed links are known. An unlisted one is no shorter than the
reach of either end. So a node's charge, the minimum over all others of
max(reach[i], reach[j]) + p[i] + p[j], is the least that an unlisted link there can weigh. Hang any
spanning tree up at a root and replace each unlisted link from a node up to its parent by one from
the node to the root, at the node's charge: still every node gets up to the root, and the weight
has not grown. So the lightest tree of listed links and charges weighs no more than the lightest
tree of all links.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.candidates import Vectors, float_blocks
from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.knn import NeighborGraph
from scripts.lib.ordering.metric import Ints
from scripts.lib.ordering.mst import graph_edges

Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

LIGHT_LINKS_PER_NODE = 3
SINGLE_PRECISION = 2.0**-24
DOUBLE_PRECISION = 2.0**-52


class KnownLinks(NamedTuple):
    """What a neighbour graph tells about the lengths of all links; m of them are listed.

    sources, targets : (m + n,) int32; the last n lead from each node to the root, which is n there
    lengths : (m,) float64, Euclidean
    reach : (n,) float64, what no unlisted link of a node falls below; infinite if all are listed
    by_reach : (n,) int64, the nodes by ascending reach
    """

    sources: Ints
    targets: Ints
    lengths: Doubles
    reach: Doubles
    by_reach: Longs


class OneTree(NamedTuple):
    """A 1-tree, and the bound that it gives.

    bound : length that no path falls below, but for rounding (see `slack`)
    degrees : (n,) int64, links of the 1-tree at each node; their sum is 2n
    """

    bound: float
    degrees: Longs


def known_links(vectors: Vectors, graph: NeighborGraph) -> KnownLinks:
    """List the links of an exact neighbour graph once each, and what bounds the others."""
    n = len(graph.indices)
    edges = graph_edges(graph)
    first = np.unique(edges["source"].astype(np.int64) * n + edges["target"], return_index=True)[1]
    edges = edges[first]
    reach = reaches(vectors, graph)
    return KnownLinks(
        np.append(edges["source"], np.arange(n, dtype=np.int32)),
        np.append(edges["target"], np.full(n, n, np.int32)),
        edges["distance"].astype(np.float64),
        reach,
        np.argsort(reach, kind="stable"),
    )


def reaches(vectors: Vectors, graph: NeighborGraph) -> Doubles:
    """Return the distance that no unlisted neighbour of each node falls below: (n,) float64.

    It is that of the last listed one, less what single precision can have hidden when FAISS left
    a vector out: the rounding of |x|^2 + |y|^2 - 2xy, once for the vector and once for its rival.
    """
    n, k = graph.distances.shape
    if k >= n - 1:
        return np.full(n, np.inf)
    largest = max(float(np.einsum("ij,ij->i", block, block).max()) for _, block in float_blocks(vectors))
    rounding = 2 * 4 * (vectors.shape[1] + 4) * SINGLE_PRECISION * largest
    squares: Doubles = graph.distances[:, -1].astype(np.float64) ** 2 - rounding
    return np.sqrt(np.maximum(squares, 0.0))


def slack(known: KnownLinks, potentials: Doubles) -> float:
    """Return how far rounding can have raised a 1-tree's bound: n terms, summed in any order."""
    n = len(potentials)
    reach = known.reach[np.isfinite(known.reach)]
    longest = max(known.lengths.max(initial=0.0), reach.max(initial=0.0))
    largest = float(longest + 4.0 * np.abs(potentials).max(initial=0.0))
    return 4.0 * n * n * DOUBLE_PRECISION * largest


def lightest_one_tree(known: KnownLinks, potentials: Doubles) -> OneTree:
    """Return the lightest 1-tree under potentials: (n,) float64, n at least 2."""
    n, listed = len(potentials), len(known.lengths)
    charges, partners = np.empty(n), np.empty(n, np.int32)
    charge(known.reach, known.by_reach, potentials, charges, partners)
    sources, targets = known.sources[:listed], known.targets[:listed]
    weights = np.append(known.lengths + potentials[sources] + potentials[targets], charges)
    root = int(charges.argmax())  # any node would do; this one's charge would be the dearest
    kept = lightest_tree(known, weights, root)
    ends = two_lowest(potentials)
    others = np.append(targets, partners)
    touched = np.concatenate([known.sources[kept], others[kept], ends])
    bound = weights[kept].sum() - 2.0 * potentials.sum() + potentials[ends].sum()
    return OneTree(float(bound), np.bincount(touched, minlength=n))


def lightest_tree(known: KnownLinks, weights: Doubles, root: int) -> Longs:
    """Return the links of the lightest spanning tree: (n - 1,) int64.

    Kruskal's way, in two helpings (Osipov, Sanders and Singler 2009): most of the heavier links
    end up within one tree and need not be sorted. Equal weights go by their position.
    """
    n = len(known.reach)
    parents = np.arange(n + 1, dtype=np.int32)
    parents[n] = root
    helping = min(LIGHT_LINKS_PER_NODE * n, len(weights) - 1)
    light = np.flatnonzero(weights <= np.partition(weights, helping)[helping])
    kept = join(known, parents, light[np.argsort(weights[light], kind="stable")])
    if len(kept) == n - 1:
        return kept
    settle(parents)
    apart = np.flatnonzero(parents[known.sources] != parents[known.targets])
    return np.append(kept, join(known, parents, apart[np.argsort(weights[apart], kind="stable")]))


def two_lowest(potentials: Doubles) -> Longs:
    """Return the two nodes of lowest potential: (2,) int64."""
    lowest = int(potentials.argmin())
    others = potentials.copy()
    others[lowest] = np.inf
    return np.array([lowest, others.argmin()])


@compiled
def charge(reach: Doubles, by_reach: Longs, potentials: Doubles, charges: Doubles, partners: Ints) -> None:
    """Write the least weight of an unlisted link of each node, and the node at its other end."""
    best = by_reach[0]
    for node in by_reach:  # partners of smaller reach: the node's own counts
        charges[node] = np.inf if node == best else reach[node] + potentials[node] + potentials[best]
        partners[node] = best
        if potentials[node] < potentials[best]:
            best = node
    best = by_reach[-1]
    for node in by_reach[::-1]:  # partners of larger reach, which counts
        weight = reach[best] + potentials[best] + potentials[node]
        if node != best and weight < charges[node]:
            charges[node] = weight
            partners[node] = best
        if reach[node] + potentials[node] < reach[best] + potentials[best]:
            best = node


@njit(cache=True)
def join(known: KnownLinks, parents: Ints, order: Longs) -> Longs:
    """Take links in this order, those between separate trees; return which were taken."""
    kept = np.empty(parents.size, np.int64)
    taken = 0
    for link in order:
        one, other = find(parents, known.sources[link]), find(parents, known.targets[link])
        if one != other:
            parents[max(one, other)] = min(one, other)
            kept[taken] = link
            taken += 1
    return kept[:taken]


@compiled
def settle(parents: Ints) -> None:
    """Point every node at the root of its tree."""
    for node in range(parents.size):
        parents[node] = find(parents, node)


@compiled
def find(parents: Ints, node: int) -> int:
    """Return the root of a node's tree, and halve the way there."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node
