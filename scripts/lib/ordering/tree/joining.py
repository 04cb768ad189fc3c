"""Exact joining: each component to the rest through its shortest link, until one is left.

Boruvka's rounds over all pairs of vectors. Most vectors need no search: where a lower bound says
that a vector can't have a shorter link than one that its component already knows, it is passed
over. A vector that was searched has a better bound from then on, because what is foreign to it
only dwindles. The largest component waits to be joined by the others.
"""

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.tree.edges import Edges, Links, columns
from scripts.lib.ordering.tree.foreign import Progress, nearest_foreign
from scripts.lib.ordering.tree.forest import label_islands, lightest_forest, lightest_leaving
from scripts.lib.ordering.tree.reach import Doubles
from scripts.lib.ordering.vectors import Ints, Vectors


def join_exactly(
    vectors: Vectors,
    forest: Edges,
    known: Edges,
    bounds: Doubles,
    threads: int = 1,
    progress: Progress = lambda rows: None,
) -> Edges:
    """Return the links that make one tree of a forest, each the shortest that leaves a component.

    vectors : (n, d) float16 or float32
    known : (m,) MST_EDGE, links between any vectors
    bounds : (n,) float64, what no link that is not among the known ones falls below, for each end
    returns : (components - 1,) MST_EDGE
    """
    n, given, bounds = len(vectors), len(forest), bounds.copy()
    while len(forest) < n - 1:
        labels = label_islands(forest, n)
        known = known[labels[known["source"]] != labels[known["target"]]]
        rows = rows_to_search(labels, known, bounds)
        found = nearest_foreign(vectors, labels, rows, threads, progress)
        bounds[rows] = found["distance"]
        known = np.concatenate([known, found])
        forest = np.concatenate([forest, shortest_links(labels, known)])
    return forest[given:]


def rows_to_search(labels: Ints, known: Edges, bounds: Doubles) -> Ints:
    """Return the vectors that may have a shorter link out of their component than it knows."""
    lengths = np.full(labels.max() + 1, np.inf)
    lightest = lightest_of_each(labels, known)
    lengths[lightest >= 0] = known["distance"][lightest[lightest >= 0]]
    lengths[largest(labels)] = -np.inf
    longest = lengths[labels]  # (n,)
    return np.flatnonzero((bounds < longest) | np.isposinf(longest)).astype(np.int32)


def shortest_links(labels: Ints, known: Edges) -> Edges:
    """Return the shortest known link out of each component but the largest, as far as they join any."""
    lightest = lightest_of_each(labels, known)
    lightest[largest(labels)] = -1
    chosen = known[np.unique(lightest[lightest >= 0])]
    ends = Links(labels[chosen["source"]], labels[chosen["target"]], columns(chosen).lengths)
    return chosen[lightest_forest(ends, len(lightest))]


def lightest_of_each(labels: Ints, links: Edges) -> npt.NDArray[np.int64]:
    """Return the place of each component's lightest link, -1 where none leaves: (components,) int64."""
    lightest = np.empty(labels.max() + 1, np.int64)
    lightest_leaving(columns(links), labels, lightest)
    return lightest


def largest(labels: Ints) -> int:
    """Return the component with the most vectors."""
    return int(np.bincount(labels).argmax())
