"""Groups of new rows that a path did not know, each searched like a path of its own.

A former path has nothing to lose inside of them, so here the search may turn as much as it likes.
"""

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.search.kicks import SearchSettings
from scripts.lib.ordering.search.two_opt import refine
from scripts.lib.ordering.vectors import Ints, Vectors

Mask = npt.NDArray[np.bool_]

LONG_RUN = 100  # rows in succession; the repair of the whole path manages shorter ones


def order_long_runs(
    vectors: Vectors, graph: NeighborGraph, path: Ints, new: Mask, settings: SearchSettings
) -> Ints:
    """Search each long run of new rows by itself; nothing else moves, and the path gets no longer.

    path : (n,) int32;  new : (n,) bool, by place on the path
    """
    path = path.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], new, [False]]).astype(np.int8)))
    for start, end in edges.reshape(-1, 2):
        if end - start >= LONG_RUN:
            before, after = path[max(start - 1, 0) : start], path[end : end + 1]
            ways = [
                np.concatenate([before, way, after])
                for way in _ways(vectors, graph, path[start:end], settings)
            ]
            shortest = min(ways, key=lambda way: link_lengths(vectors, way).sum(dtype=np.float64))
            path[start - len(before) : end + len(after)] = shortest
    return path


def _ways(vectors: Vectors, graph: NeighborGraph, run: Ints, settings: SearchSettings) -> list[Ints]:
    """Return a run as it is, and as it is after a search, in either direction."""
    as_it_is = np.arange(len(run), dtype=np.int32)
    found = run[refine(vectors[run], part_of(graph, run), as_it_is, settings)]
    return [run, found, found[::-1]]


def part_of(graph: NeighborGraph, rows: Ints) -> NeighborGraph:
    """Return the graph of some rows, numbered as they come; lists end in infinite distances."""
    listed, order = graph.indices[rows], np.argsort(rows)  # (m, k), (m,)
    number = order[np.searchsorted(rows, listed, sorter=order).clip(max=len(rows) - 1)]
    foreign = rows[number] != listed
    indices = np.where(foreign, 0, number).astype(np.int32)
    distances = np.where(foreign, np.float32(np.inf), graph.distances[rows])
    nearest = np.argsort(foreign, axis=1, kind="stable")
    return graph._replace(
        indices=np.take_along_axis(indices, nearest, axis=1),
        distances=np.take_along_axis(distances, nearest, axis=1),
    )
