"""The minimum spanning forest of any links, and the components that they make."""

import networkx
import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from scripts.lib.ordering.tree.edges import Edges, edge_table
from scripts.lib.ordering.tree.forest import label_islands, minimal_forest


def links(n: int, m: int, seed: int, lengths: int) -> Edges:
    """Random links of few different lengths, zero among them, some of them several times."""
    generator = np.random.default_rng(seed)
    ends = generator.integers(0, n, (2, m)).astype(np.int32)
    ends = ends[:, ends[0] != ends[1]]
    smaller, larger = ends.min(axis=0), ends.max(axis=0)
    distances = (smaller * 7919 + larger * 104729) % lengths  # the same for the same pair
    return edge_table(ends[0], ends[1], distances.astype(np.float32))


def kruskal(edges: Edges, n: int) -> list[tuple[int, int, float]]:
    """The forest by the total order, edge by edge."""
    components = networkx.utils.UnionFind(range(n))
    kept = []
    for distance, source, target in sorted((e["distance"], e["source"], e["target"]) for e in edges):
        if components[source] != components[target]:
            components.union(source, target)
            kept.append((int(source), int(target), float(distance)))
    return kept


@pytest.mark.parametrize("lengths", [1, 3, 10**6])
@pytest.mark.parametrize(("n", "m"), [(2, 3), (40, 30), (40, 200), (200, 5000)])
def test_the_forest_is_that_of_the_total_order(n: int, m: int, lengths: int) -> None:
    edges = links(n, m, n + m, lengths)
    assert minimal_forest(edges, n).tolist() == kruskal(edges, n)


def test_the_forest_does_not_depend_on_the_order_of_the_links() -> None:
    edges = links(100, 2000, 0, 5)
    shuffled = np.random.default_rng(1).permutation(edges)
    assert minimal_forest(edges, 100).tobytes() == minimal_forest(shuffled, 100).tobytes()


@pytest.mark.parametrize("n", [0, 1, 5])
def test_no_links_make_no_forest(n: int) -> None:
    nothing = links(2, 0, 0, 1)
    assert len(minimal_forest(nothing, n)) == 0
    assert label_islands(nothing, n).tolist() == list(range(n))


@pytest.mark.parametrize("m", [0, 30, 80, 400])
def test_islands_are_the_connected_components(m: int) -> None:
    edges = links(100, m, m, 10)
    matrix = coo_array((np.ones(len(edges)), (edges["source"], edges["target"])), shape=(100, 100))
    assert label_islands(edges, 100).tolist() == connected_components(matrix, directed=False)[1].tolist()


def test_a_chain_of_many_links_is_one_island() -> None:
    n = 200_000
    nodes = np.random.default_rng(0).permutation(n).astype(np.int32)
    chain = edge_table(nodes[1:], nodes[:-1], np.arange(n - 1, dtype=np.float32))
    assert not label_islands(chain, n).any()
    assert len(minimal_forest(chain, n)) == n - 1
