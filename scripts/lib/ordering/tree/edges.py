"""Edges as records, and as columns for the compiled functions."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.vectors import Floats, Ints

MST_EDGE = np.dtype([("source", np.int32), ("target", np.int32), ("distance", np.float32)])

Edges = npt.NDArray[np.void]

NO_EDGES: Edges = np.empty(0, MST_EDGE)


class Links(NamedTuple):
    """Links in either direction, in any order, repetitions allowed.

    sources, targets : (m,) int32
    lengths : (m,) float32
    """

    sources: Ints
    targets: Ints
    lengths: Floats


def edge_table(ends: Ints, other_ends: Ints, distances: Floats) -> Edges:
    """Return edges as records, the smaller end first: (m,) MST_EDGE."""
    edges = np.empty(len(ends), MST_EDGE)
    edges["source"] = np.minimum(ends, other_ends)
    edges["target"] = np.maximum(ends, other_ends)
    edges["distance"] = distances
    return edges


def graph_edges(graph: NeighborGraph) -> Edges:
    """Return the links of the graph, (n * k,) MST_EDGE, those found from both sides twice."""
    return edge_table(*graph_links(graph))


def graph_links(graph: NeighborGraph) -> Links:
    """Return the links of the graph as columns, without copying what it holds."""
    n, k = graph.indices.shape
    own = np.repeat(np.arange(n, dtype=np.int32), k)
    return Links(own, graph.indices.ravel(), graph.distances.ravel())


def columns(edges: Edges) -> Links:
    """Return edges as columns."""
    return Links(*(np.ascontiguousarray(edges[name]) for name in MST_EDGE.names or ()))


def in_order(edges: Edges) -> npt.NDArray[np.int64]:
    """Return the places of the edges in the total order (distance, source, target): (m,) int64."""
    return np.lexsort((edges["target"], edges["source"], edges["distance"]))
