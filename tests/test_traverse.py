"""The walk of the tree: every node once, in linear time, the longest branch last."""

import itertools

import numpy as np
import pytest

from scripts.lib.ordering.graph.knn import nearest_neighbors
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.tree.edges import MST_EDGE, Edges
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.tree.traverse import traverse


def tree_of(edges: list[tuple[int, int, float]]) -> Edges:
    return np.array(edges, MST_EDGE)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 1000])
def test_every_node_once(n: int) -> None:
    vectors = np.random.default_rng(n).normal(size=(n, 4)).astype(np.float32)
    path = traverse(minimum_spanning_tree(vectors, nearest_neighbors(vectors)), n)
    assert path.dtype == np.int32
    assert sorted(path.tolist()) == list(range(n))


def test_a_path_is_walked_from_end_to_end() -> None:
    order = np.random.default_rng(0).permutation(500)
    tree = tree_of([(a, b, 1.0) for a, b in itertools.pairwise(order)])
    path = traverse(tree, 500)
    assert path.tolist() in (order.tolist(), order[::-1].tolist())


def test_shallow_branches_come_first() -> None:
    """From node 1 on the trunk hangs a twig, node 4; the trunk goes on over 2 to 3."""
    path = traverse(tree_of([(0, 1, 5.0), (1, 2, 1.0), (2, 3, 5.0), (1, 4, 0.5)]), 5)
    assert path.tolist() in ([0, 1, 4, 2, 3], [3, 2, 1, 4, 0])


def test_a_star_is_walked_from_its_longest_ray_to_the_next() -> None:
    tree = tree_of([(0, ray, float(ray)) for ray in range(1, 6)])
    assert traverse(tree, 6).tolist() == [5, 0, 1, 2, 3, 4]


def test_depth_is_no_danger() -> None:
    n = 200_000
    tree = np.empty(n - 1, MST_EDGE)
    tree["source"], tree["target"], tree["distance"] = np.arange(n - 1), np.arange(1, n), 1.0
    assert np.abs(np.diff(traverse(tree, n))).max() == 1


def test_the_walk_is_at_most_twice_the_tree() -> None:
    vectors = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32)
    tree = minimum_spanning_tree(vectors, nearest_neighbors(vectors))
    assert link_lengths(vectors, traverse(tree, 2000)).sum() <= 2 * tree["distance"].sum()
