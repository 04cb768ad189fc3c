"""The minimum spanning forest of any set of links, by Boruvka's rounds.

In each round every component takes the lightest link that leaves it (Boruvka 1926; Nesetril,
Milkova and Nesetrilova 2001). No link needs to be sorted, and each round reads them all once.
Links stand in one total order, (length, smaller end, larger end), so the forest is unique.
Components are kept in a disjoint-set forest: each node points towards its root, which has the
smallest number of its component.
"""

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.tree.edges import Edges, Links, columns, in_order
from scripts.lib.ordering.vectors import Ints

Longs = npt.NDArray[np.int64]


def minimal_forest(edges: Edges, n: int) -> Edges:
    """Return the minimum spanning forest, sorted by (distance, source, target).

    edges : (m,) MST_EDGE in any order, repetitions allowed
    """
    forest = edges[lightest_forest(columns(edges), n)]
    return forest[in_order(forest)]


def lightest_forest(links: Links, n: int) -> Longs:
    """Return the places of the minimum spanning forest's links, in no particular order."""
    parents, lightest = np.arange(n, dtype=np.int32), np.empty(n, np.int64)
    rounds = [np.empty(0, np.int64)]
    while True:
        lightest_leaving(links, parents, lightest)
        join_along(links, lightest, parents)
        taken = lightest[lightest >= 0]
        if len(taken) == 0:
            return np.concatenate(rounds)
        rounds.append(taken)


def label_islands(edges: Edges, n: int) -> Ints:
    """Return the number of the connected component that each vector belongs to: (n,) int32."""
    parents = np.arange(n, dtype=np.int32)
    join_along(columns(edges), np.arange(len(edges)), parents)
    numbers = np.cumsum(parents == np.arange(n), dtype=np.int32) - 1
    return numbers[parents]


@compiled
def lightest_leaving(links: Links, labels: Ints, lightest: Longs) -> None:
    """Write the place of the lightest link that leaves each component, -1 where none does.

    labels : (n,) int32, the component of each node
    lightest : (components,) int64, written
    """
    lightest[:] = -1
    for link in range(links.sources.size):
        one, other = labels[links.sources[link]], labels[links.targets[link]]
        if one != other:
            if lightest[one] < 0 or precedes(links, link, lightest[one]):
                lightest[one] = link
            if lightest[other] < 0 or precedes(links, link, lightest[other]):
                lightest[other] = link


@compiled
def precedes(links: Links, link: int, rival: int) -> bool:
    """Tell whether a link comes before another one in the total order."""
    if links.lengths[link] != links.lengths[rival]:
        return bool(links.lengths[link] < links.lengths[rival])
    one, other = links.sources[link], links.targets[link]
    rival_one, rival_other = links.sources[rival], links.targets[rival]
    return (min(one, other), max(one, other)) < (min(rival_one, rival_other), max(rival_one, rival_other))


@compiled
def join_along(links: Links, chosen: Longs, parents: Ints) -> None:
    """Join components along the chosen links; write -1 over those that join nothing.

    chosen : (m,) int64, places of links, -1 where there is none
    parents : (n,) int32, written: afterwards each node points at its root
    """
    for place in range(chosen.size):
        if chosen[place] >= 0:
            one = find(parents, links.sources[chosen[place]])
            other = find(parents, links.targets[chosen[place]])
            if one == other:
                chosen[place] = -1
            parents[max(one, other)] = min(one, other)
    settle(parents)


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
