"""The classical way to order vectors, as a measure for ours.

Exact search for 600 neighbours, SciPy's spanning tree of the symmetric graph of squared distances,
a depth-first walk whose children are sorted by a greedy lookahead, and 2-opt with fixed ends on
overlapping blocks. Written from its description, weaknesses included: SciPy takes edges of length
zero for absent, and components of the graph are appended one after the other.
"""

from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree

NEIGHBORS = 600
LOOKAHEAD_DEPTH = 100
LOOKAHEAD_STEP = 2
BLOCK = 100
SHIFT = 90

Matrix = npt.NDArray[np.float32]
Path = npt.NDArray[np.int32]


def classical_order(vectors: Matrix) -> Path:
    """Order vectors the classical way.

    vectors : (n, d) float32
    returns : (n,) int32, a permutation
    """
    tree = spanning_forest(vectors)
    path = walk(tree.indptr, tree.indices, tree.data)
    return improve_blocks(vectors, path)


def spanning_forest(vectors: Matrix) -> Any:
    """Return the symmetric (n, n) sparse forest of squared distances."""
    n = len(vectors)
    k = min(NEIGHBORS, n - 1)
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    squares, neighbors = index.search(vectors, k + 1)
    starts = np.arange(n + 1) * (k + 1)
    graph = csr_array((np.maximum(squares.ravel(), 0), neighbors.ravel(), starts), shape=(n, n))
    forest = minimum_spanning_tree(graph.maximum(graph.T))
    return csr_array(forest + forest.T)


@njit(cache=True)
def walk(starts: Path, nodes: Path, weights: Matrix) -> Path:
    """Walk each component depth first, the children with the cheapest lookahead first."""
    n = starts.size - 1
    path, seen = np.empty(n, np.int32), np.zeros(n, np.bool_)
    stack = np.empty(2 * nodes.size + 1, np.int32)
    length = 0
    for root in range(n):
        height = 0
        if not seen[root]:
            stack[0], height = root, 1
        while height:
            height -= 1
            node = stack[height]
            if seen[node]:
                continue
            seen[node] = True
            path[length] = node
            length += 1
            links = np.arange(starts[node], starts[node + 1])
            costs = np.empty(links.size)
            for place in range(links.size):
                ahead = lookahead(starts, nodes, weights, node, nodes[links[place]])
                costs[place] = weights[links[place]] + ahead
            for place in np.argsort(-costs):
                stack[height] = nodes[links[place]]
                height += 1
    return path


@njit(cache=True)
def lookahead(starts: Path, nodes: Path, weights: Matrix, parent: int, node: int) -> float:
    """Return the weight of the way down that takes the cheapest two edges again and again."""
    total = 0.0
    for _ in range(0, LOOKAHEAD_DEPTH, LOOKAHEAD_STEP):
        best, best_parent, best_node = np.inf, parent, node
        for first in range(starts[node], starts[node + 1]):
            child = nodes[first]
            for second in range(starts[child], starts[child + 1]):
                weight = weights[first] + weights[second]
                if child != parent and nodes[second] != node and weight < best:
                    best, best_parent, best_node = weight, child, nodes[second]
        if best == np.inf:
            break
        total += best
        parent, node = best_parent, best_node
    return total


def improve_blocks(vectors: Matrix, path: Path) -> Path:
    """Improve blocks of the path, which overlap, each between its fixed ends."""
    path = path.copy()
    for start in range(0, max(1, len(path) - (BLOCK - SHIFT)), SHIFT):
        block = path[start : start + BLOCK]
        wide = vectors[block].astype(np.float64)
        distances = np.linalg.norm(wide[:, np.newaxis] - wide, axis=2)
        path[start : start + BLOCK] = block[two_opt_with_fixed_ends(distances)]
    return path


@njit(cache=True)
def two_opt_with_fixed_ends(distances: npt.NDArray[np.float64]) -> Path:
    """Reverse stretches until no reversal helps; return the order of the block: (m,) int32."""
    order = np.arange(len(distances)).astype(np.int32)
    improved = True
    while improved:
        improved = False
        for i in range(order.size - 3):
            for j in range(i + 2, order.size - 1):
                a, b, c, d = order[i], order[i + 1], order[j], order[j + 1]
                gain = distances[a, b] + distances[c, d] - distances[a, c] - distances[b, d]
                if gain > 1e-9:
                    order[i + 1 : j + 1] = order[i + 1 : j + 1][::-1].copy()
                    improved = True
    return order
