"""The minimum spanning tree of the neighbour graph, spanning whatever the graph.

Edges are put into one total order, (distance, source, target), and weighed by their rank in it:
so the tree is unique, and edges of length zero, which SciPy takes for absent, weigh something.
Where the graph has fallen apart, Boruvka's rounds join each component to the rest through its
true nearest pair, until one is left.
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.csgraph import minimum_spanning_tree as scipy_tree
from threadpoolctl import threadpool_limits

from scripts.lib.ordering.candidates import Vectors, float_blocks
from scripts.lib.ordering.knn import NeighborGraph
from scripts.lib.ordering.metric import Floats, Ints, kernel_view, pair_distances

MST_EDGE = np.dtype([("source", np.int32), ("target", np.int32), ("distance", np.float32)])

Edges = npt.NDArray[np.void]

QUERY_ROWS = 512


def minimum_spanning_tree(vectors: Vectors, graph: NeighborGraph) -> Edges:
    """Return the spanning tree that is minimal on the graph and on the links between its islands.

    Among equal edges those with the smaller numbers win. Joining islands costs a search of all
    but the largest against everything.

    vectors : (n, d) float16 or float32
    returns : (n - 1,) MST_EDGE, source < target, sorted by (distance, source, target)
    """
    n = len(vectors)
    if n < 2:
        return np.empty(0, MST_EDGE)
    tree = minimal_forest(graph_edges(graph), n)
    while len(tree) < n - 1:
        islands = label_islands(tree, n)
        bridges = shortest_bridges(vectors, islands)
        # A forest again, because two islands may name each other through equal pairs.
        tree = minimal_forest(np.concatenate([tree, bridges]), n)
    assert len(tree) == n - 1, f"{len(tree)} edges do not span {n} vectors"
    return tree


def graph_edges(graph: NeighborGraph) -> Edges:
    """Return the links of the graph, (n * k,) MST_EDGE, those found from both sides twice."""
    n, k = graph.indices.shape
    own = np.repeat(np.arange(n, dtype=np.int32), k)
    return edge_table(own, graph.indices.ravel(), graph.distances.ravel())


def edge_table(ends: Ints, other_ends: Ints, distances: Floats) -> Edges:
    """Return edges as records, the smaller end first: (m,) MST_EDGE."""
    edges = np.empty(len(ends), MST_EDGE)
    edges["source"] = np.minimum(ends, other_ends)
    edges["target"] = np.maximum(ends, other_ends)
    edges["distance"] = distances
    return edges


def minimal_forest(edges: Edges, n: int) -> Edges:
    """Return the minimum spanning forest, sorted by (distance, source, target).

    edges : (m,) MST_EDGE in any order, repetitions allowed
    """
    edges = edges[np.lexsort((edges["target"], edges["source"], edges["distance"]))]
    edges = edges[np.append(True, edges[1:] != edges[:-1])[: len(edges)]]
    ranks = np.arange(1.0, len(edges) + 1.0)
    graph = coo_array((ranks, (edges["source"], edges["target"])), shape=(n, n))
    kept = np.sort(scipy_tree(graph).data).astype(np.int64) - 1
    return edges[kept]


def label_islands(edges: Edges, n: int) -> Ints:
    """Return the number of the connected component that each vector belongs to: (n,) int32."""
    ones = np.ones(len(edges), np.int8)
    graph = coo_array((ones, (edges["source"], edges["target"])), shape=(n, n))
    labels: Ints = connected_components(graph, directed=False)[1]
    return labels


def shortest_bridges(vectors: Vectors, islands: Ints) -> Edges:
    """Return, for each island but the largest, its shortest edge to the rest.

    islands : (n,) int32, the number of each vector's island
    returns : (islands - 1,) MST_EDGE; two islands may name the same edge
    """
    searching = np.flatnonzero(islands != np.bincount(islands).argmax()).astype(np.int32)
    batches = [searching[at : at + QUERY_ROWS] for at in range(0, len(searching), QUERY_ROWS)]
    with threadpool_limits(1, "blas"):  # more threads may sum in another order
        nearest = np.concatenate([_nearest_foreign(vectors, islands, rows) for rows in batches])
    own, other = np.repeat(searching, nearest.shape[1]), nearest.ravel()
    foreign = islands[own] != islands[other]  # a block may hold nothing but the own island
    own, other = own[foreign], other[foreign]
    edges = edge_table(own, other, pair_distances(kernel_view(vectors), own, other))
    order = np.lexsort((edges["target"], edges["source"], edges["distance"], islands[own]))
    first = np.unique(islands[own][order], return_index=True)[1]
    return edges[order[first]]


def _nearest_foreign(vectors: Vectors, islands: Ints, rows: Ints) -> Ints:
    """Return the nearest vector of another island in each block: (q, blocks) int32.

    In double precision, whose norm expansion is finer than the metric's own rounding.
    """
    queries = vectors[rows].astype(np.float64)
    nearest = []
    for start, block in float_blocks(vectors):
        base = block.astype(np.float64)
        squares = np.einsum("ij,ij->i", base, base) - 2.0 * (queries @ base.T)  # (q, block)
        squares[islands[rows][:, np.newaxis] == islands[start : start + len(base)]] = np.inf
        nearest.append(start + squares.argmin(axis=1))
    return np.stack(nearest, axis=1).astype(np.int32)
