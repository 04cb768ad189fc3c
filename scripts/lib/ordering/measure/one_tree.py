"""The lightest 1-tree under node potentials: what no path through all vectors can undercut.

Every link (i, j) of length d weighs d + p[i] + p[j]. A path from s to t passes every node twice but
its ends, so its length is its weight less twice the sum of p, plus p[s] + p[t]; and as a spanning
tree it weighs no less than the lightest one (Held and Karp 1970). In terms of tours: the node that
joins both ends at distance zero is the one whose two links are added to the tree.

Of a nearest-neighbour graph only the listed links are known. An unlisted one is no shorter than the
reach of either end. So a node's charge, the minimum over all others of
max(reach[i], reach[j]) + p[i] + p[j], is the least that an unlisted link there can weigh. Link every
node to a hub, at its charge. Then each unlisted link (i, j) has a way round it, from i to the hub and
on to j, of which no link is heavier; and a link with such a way round it makes no spanning tree
lighter (the cycle property). So the lightest tree of listed links and charges weighs no more than
the lightest tree of all links.

An island far from all others (`islands`) has a hub of its own. Its charges lead there, and from
there a link on to the main hub, which weighs what no link that leaves the island falls below: the
distance, and the lowest potentials inside and outside. So there still is a way round each unlisted
link, if over more hubs, of which no link is heavier.

All this takes reaches that are true. Where they are only claimed, `audit` measures what is wrong.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.measure.islands import Islands, lightest_leaving
from scripts.lib.ordering.tree.edges import graph_edges
from scripts.lib.ordering.tree.forest import find, settle
from scripts.lib.ordering.vectors import Ints

Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

LIGHT_LINKS_PER_NODE = 3
DOUBLE_PRECISION = 2.0**-52


class KnownLinks(NamedTuple):
    """What a neighbour graph tells about the lengths of all links; m of them are listed.

    sources, targets : (m + n + h,) int32; the listed links, those from each node to the hub of its
        island, and those from each hub to the main hub
    lengths : (m,) float64, Euclidean
    reach : (n,) float64, what no unlisted link of a node falls below; infinite if all are listed
    by_reach : (n,) int64, the nodes by ascending reach
    islands : the mainland and h - 1 islands far from it
    """

    sources: Ints
    targets: Ints
    lengths: Doubles
    reach: Doubles
    by_reach: Longs
    islands: Islands


class Tree(NamedTuple):
    """A spanning tree, from the lightest link to the heaviest.

    links : (n - 1,) int64, places among the known links
    weights : (n - 1,) float64
    """

    links: Longs
    weights: Doubles


class OneTree(NamedTuple):
    """A 1-tree, and the bound that it gives.

    bound : length that no path falls below, but for rounding (see `slack`)
    degrees : (n,) int64, links of the 1-tree at each node; their sum is 2n
    tree : the 1-tree but for its two links at zero distance
    """

    bound: float
    degrees: Longs
    tree: Tree


def known_links(graph: NeighborGraph, reach: Doubles, islands: Islands) -> KnownLinks:
    """List the links of a neighbour graph once each, and what bounds the others."""
    n = len(graph.indices)
    edges = graph_edges(graph)
    first = np.unique(edges["source"].astype(np.int64) * n + edges["target"], return_index=True)[1]
    edges, hubs = edges[first], islands.hubs
    return KnownLinks(
        np.concatenate([edges["source"], np.arange(n, dtype=np.int32), hubs]),
        np.concatenate([edges["target"], hubs[islands.labels], np.full_like(hubs, hubs[0])]),
        edges["distance"].astype(np.float64),
        reach,
        np.argsort(reach, kind="stable"),
        islands,
    )


def slack(known: KnownLinks, potentials: Doubles) -> float:
    """Return how far rounding can have raised a 1-tree's bound: n terms, summed in any order."""
    n = len(potentials)
    reach = known.reach[np.isfinite(known.reach)]
    lengths = (known.lengths, reach, known.islands.separations)
    longest = max(float(each.max(initial=0.0)) for each in lengths)
    largest = longest + 4.0 * float(np.abs(potentials).max(initial=0.0))
    return 4.0 * n * n * DOUBLE_PRECISION * largest


def lightest_one_tree(known: KnownLinks, potentials: Doubles) -> OneTree:
    """Return the lightest 1-tree under potentials: (n,) float64, n at least 2."""
    n, listed = len(potentials), len(known.lengths)
    charges, partners = np.empty(n), np.empty(n, np.int32)
    charge(known.reach, known.by_reach, potentials, charges, partners)
    leaving = lightest_leaving(known.islands, potentials)
    sources, targets = known.sources[:listed], known.targets[:listed]
    lengths = known.lengths + potentials[sources] + potentials[targets]
    tree = lightest_tree(known, np.concatenate([lengths, charges, leaving.weights]))
    # A link to a hub counts at the nodes that it has its weight from.
    own = np.concatenate([known.sources[: listed + n], leaving.inside])[tree.links]
    other = np.concatenate([targets, partners, leaving.outside])[tree.links]
    ends = two_lowest(potentials)
    bound = tree.weights.sum() - 2.0 * potentials.sum() + potentials[ends].sum()
    degrees = np.bincount(np.concatenate([own, other, ends]), minlength=n)
    return OneTree(float(bound), degrees, tree)


def lightest_tree(known: KnownLinks, weights: Doubles) -> Tree:
    """Return the lightest spanning tree: Kruskal's way, in two helpings.

    Most of the heavier links end up within one tree and need not be sorted (Osipov, Sanders and
    Singler 2009). Which of equal links comes first is left to the sort, which takes most of the time.
    """
    n = len(known.reach)
    parents = np.arange(n, dtype=np.int32)
    helping = min(LIGHT_LINKS_PER_NODE * n, len(weights) - 1)
    light = np.flatnonzero(weights <= np.partition(weights, helping)[helping])
    links = join(known.sources, known.targets, light[weights[light].argsort()], parents)
    if len(links) < n - 1:
        settle(parents)
        apart = np.flatnonzero(parents[known.sources] != parents[known.targets])
        order = apart[weights[apart].argsort()]
        links = np.append(links, join(known.sources, known.targets, order, parents))
    return Tree(links, weights[links])


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
def join(sources: Ints, targets: Ints, order: Longs, parents: Ints) -> Longs:
    """Take links in this order, those between separate trees; return which were taken."""
    kept = np.empty(parents.size, np.int64)
    taken = 0
    for link in order:
        one, other = find(parents, sources[link]), find(parents, targets[link])
        if one != other:
            parents[max(one, other)] = min(one, other)
            kept[taken] = link
            taken += 1
    return kept[:taken]
