"""The nearest vector of another component, by comparison with every vector.

In double precision, whose norm expansion is finer than the metric's own rounding. Rows are searched
in blocks of a fixed size, shared among the threads: the result does not depend on their number.
"""

from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.graph.candidates import workers
from scripts.lib.ordering.metric import kernel_view, pair_distances
from scripts.lib.ordering.tree.edges import Edges, edge_table
from scripts.lib.ordering.tree.reach import Doubles
from scripts.lib.ordering.vectors import Ints, Vectors, float_blocks

Progress = Callable[[int], None]

QUERY_ROWS = 512
COST_OF_A_LOOK = 64  # what a pair costs beside its multiplications, in multiplications


def search_cost(rows: int, vectors: Vectors) -> float:
    """Return the work of a search in multiplications."""
    n, d = vectors.shape
    return float(rows * n) * float(d + COST_OF_A_LOOK)


def nearest_foreign(
    vectors: Vectors,
    labels: Ints,
    rows: Ints,
    threads: int = 1,
    progress: Progress = lambda rows: None,
) -> Edges:
    """Return the shortest link from each row to a vector of another component.

    vectors : (n, d) float16 or float32
    labels : (n,) int32, the component of each vector; at least two
    rows : (q,) int32
    returns : (q,) MST_EDGE, in the order of the rows
    """
    nearest = np.empty(len(rows), np.int32)

    def search(at: int) -> int:
        queries = rows[at : at + QUERY_ROWS]
        nearest[at : at + QUERY_ROWS] = _search(vectors, labels, queries)
        return len(queries)

    # BLAS would sum in another order with more threads.
    with threadpool_limits(1, "blas"), workers(threads) as pool:
        for done in pool.map(search, range(0, len(rows), QUERY_ROWS)):
            progress(done)
    return edge_table(rows, nearest, pair_distances(kernel_view(vectors), rows, nearest))


def _search(vectors: Vectors, labels: Ints, rows: Ints) -> Ints:
    """Return the nearest foreign vector of each row: (q,) int32."""
    queries, own = vectors[rows].astype(np.float64), labels[rows]
    shortest, nearest = np.full(len(rows), np.inf), np.full(len(rows), -1, np.int32)
    for start, block in float_blocks(vectors):
        base = block.astype(np.float64)
        norms = np.einsum("ij,ij->i", base, base)
        others = labels[start : start + len(base)]
        keep_nearest(queries @ base.T, norms, own, others, start, shortest, nearest)
    return nearest


@compiled
def keep_nearest(
    products: Doubles, norms: Doubles, own: Ints, others: Ints, start: int, shortest: Doubles, nearest: Ints
) -> None:
    """Note each query's nearest vector of another component, among those of a block and before.

    products : (q, b) float64, inner products of queries and block
    norms : (b,) float64, squared;  own : (q,) int32, others : (b,) int32, components
    start : the number of the block's first vector
    shortest : (q,) float64, squared distance less the query's squared norm; written
    nearest : (q,) int32, written
    """
    for query in range(own.size):
        for place in range(others.size):
            gap = norms[place] - 2.0 * products[query, place]
            if gap < shortest[query] and others[place] != own[query]:
                shortest[query] = gap
                nearest[query] = start + place
