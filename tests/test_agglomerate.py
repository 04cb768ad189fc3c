"""Trees of points joined two by two, against SciPy's, and their cuts."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from scripts.lib.clustering import item_tree as item_trees
from scripts.lib.clustering.agglomerate import Linkage, agglomerate
from scripts.lib.clustering.dendrogram import Dendrogram, cut, leaf_runs
from scripts.lib.clustering.item_tree import item_tree
from tests.groups import blobs, same_groups


def points(m: int, d: int = 4) -> np.ndarray:
    return np.random.default_rng(m).normal(size=(m, d)).astype(np.float32)


def depth(tree: Dendrogram) -> int:
    levels = [0] * tree.leaves
    for one, other in tree.children.tolist():
        levels.append(1 + max(levels[one], levels[other]))
    return levels[-1]


@pytest.mark.parametrize("method", ["ward", "average"])
@pytest.mark.parametrize("m", [2, 3, 10, 200])
def test_heights_and_cuts_are_those_of_scipy(m: int, method: Linkage) -> None:
    tree = agglomerate(points(m), np.ones(m, np.int64), method)
    oracle = linkage(points(m).astype(float), method)
    assert np.allclose(tree.heights, oracle[:, 2])
    for k in (1, 2, 7, m):
        assert same_groups(cut(tree, k), fcluster(oracle, min(k, m), "maxclust"))


def test_weights_stand_for_repeated_points() -> None:
    some, weights = points(40), np.random.default_rng(1).integers(1, 6, 40)
    weighted = agglomerate(some, weights, "ward")
    oracle = linkage(np.repeat(some, weights, axis=0).astype(float), "ward")
    assert np.allclose(weighted.heights, oracle[-39:, 2])


def test_weights_stand_for_repeated_points_in_averages() -> None:
    some, weights = points(30), np.random.default_rng(2).integers(1, 6, 30)
    oracle = linkage(np.repeat(some, weights, axis=0).astype(float), "average")
    assert np.allclose(agglomerate(some, weights, "average").heights, oracle[-29:, 2])


@pytest.mark.parametrize("m", [1, 2, 5])
def test_equal_points_make_a_tree(m: int) -> None:
    tree = agglomerate(np.zeros((m, 3), np.float32), np.ones(m, np.int64), "ward")
    assert tree.leaves == m
    assert not tree.heights.any()
    assert sorted(leaf_runs(tree).order) == list(range(m))


def test_leaves_of_each_node_are_a_run() -> None:
    tree = agglomerate(points(50), np.ones(50, np.int64), "average")
    runs = leaf_runs(tree)
    below = [{row} for row in range(50)]
    for one, other in tree.children.tolist():
        below.append(below[one] | below[other])
    assert all(set(runs.of(node).tolist()) == rows for node, rows in enumerate(below))


def test_trees_of_many_rows_find_the_groups_that_one_matrix_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, truth = blobs(5, 60)
    monkeypatch.setattr(item_trees, "EXACT_ROWS", 100)
    tree = item_tree(vectors, "ward", 0)
    assert sorted(leaf_runs(tree).order) == list(range(300))
    assert same_groups(cut(tree, 5), truth)
    assert len(np.unique(cut(tree, 300))) == 300


def test_a_tree_of_many_equal_rows_is_one_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_trees, "EXACT_ROWS", 10)
    tree = item_tree(np.ones((40, 2), np.float32), "ward", 0)
    assert sorted(leaf_runs(tree).order) == list(range(40))


def test_a_tree_of_equal_rows_is_low(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_trees, "EXACT_ROWS", 10)
    counted: list[int] = []
    tree = item_tree(np.ones((100, 2), np.float32), "ward", 0, counted.append)
    assert depth(tree) == 7
    assert sum(counted) == 100


def test_progress_counts_every_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_trees, "EXACT_ROWS", 50)
    counted: list[int] = []
    item_tree(blobs(4, 40)[0], "ward", 0, counted.append)
    assert sum(counted) == 160
