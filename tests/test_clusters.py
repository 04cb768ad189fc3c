"""Clusters by every method: the groups that are there, numbered along the path, whatever is asked for."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from scripts.lib.clustering import item_tree as item_trees
from scripts.lib.clustering import kmeans as kmeans_module
from scripts.lib.clustering.clusters import (
    Clusters,
    ClusterSettings,
    Method,
    along_path,
    centroid_distances,
    cluster_facts,
    find_clusters,
)
from scripts.lib.clustering.kmeans import centroids_of, kmeans
from scripts.lib.clustering.single import cut_single, tree_dendrogram
from scripts.lib.clustering.space import cluster_space
from tests.conftest import Workflow, write_pictures
from tests.groups import blobs, graph_and_tree, same_groups

ALL_STAGES = dict.fromkeys(["cluster", "cluster_sheets", "cluster_table", "clusters", "labels"], 1)
METHODS: tuple[Method, ...] = ("kmeans", "ward", "average", "single", "hdbscan")


def clusters_of(vectors: np.ndarray, settings: ClusterSettings) -> Clusters:
    graph, tree = graph_and_tree(vectors)
    return find_clusters(vectors, graph, tree, np.arange(len(vectors), dtype=np.int32), settings)


@pytest.mark.parametrize("scaling", ["none", "robust", "whiten"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_groups_that_lie_apart(method: Method, scaling: str) -> None:
    vectors, truth = blobs(6, 30)
    found = clusters_of(vectors, ClusterSettings(method, scaling=scaling))
    inside = found.numbers >= 0
    assert found.count == 6
    assert inside.mean() > 0.9
    assert same_groups(found.numbers[inside], truth[inside])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_a_handful_of_images_is_clustered(method: Method, n: int) -> None:
    vectors = np.random.default_rng(n).normal(size=(n, 4)).astype(np.float32)
    for number in (None, 1, 5):
        found = clusters_of(vectors, ClusterSettings(method, number))
        assert len(found.numbers) == n
        assert found.count <= n


@pytest.mark.parametrize("method", METHODS)
def test_more_clusters_than_images_are_as_many_as_there_are_images(method: Method) -> None:
    found = clusters_of(blobs(3, 4)[0], ClusterSettings(method, 50))
    assert 1 <= found.count <= 12
    if method in ("kmeans", "ward", "average"):
        assert found.count == 12


@pytest.mark.parametrize("method", METHODS)
def test_equal_seeds_give_equal_clusters(method: Method) -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    settings = ClusterSettings(method, 9, seed=3)
    one, other = clusters_of(vectors, settings), clusters_of(vectors, settings)
    assert np.array_equal(one.numbers, other.numbers)


def test_large_collections_are_clustered_as_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, truth = blobs(12, 40)
    monkeypatch.setattr(kmeans_module, "EXACT_ROWS", 100)
    rounds: list[int] = []
    assert same_groups(kmeans(vectors, 12, 0, rounds.append), truth)
    assert sum(rounds) == kmeans_module.ROUNDS


def test_kmeans_is_no_worse_than_scikit_learns() -> None:
    from sklearn.cluster import KMeans

    vectors, truth = blobs(8, 50, apart=1.2)
    own = adjusted_mutual_info_score(truth, kmeans(vectors, 8, 0))
    theirs = adjusted_mutual_info_score(truth, KMeans(8, random_state=0).fit(vectors).labels_)
    assert own >= theirs - 0.02


def test_clusters_are_numbered_along_the_path() -> None:
    path = np.array([4, 5, 0, 1, 6, 2, 3], np.int32)
    numbers = np.array([2, 2, 0, 0, 1, 1, -1], np.int32)
    assert along_path(numbers, path).tolist() == [1, 1, 2, 2, 0, 0, -1]


def test_no_cluster_is_numbered_where_there_is_none() -> None:
    assert along_path(np.full(3, -1, np.int32), np.arange(3, dtype=np.int32)).tolist() == [-1, -1, -1]


def test_distances_are_those_to_the_means_of_the_vectors() -> None:
    vectors, truth = blobs(3, 10)
    numbers = np.where(truth == 2, -1, truth).astype(np.int32)
    distances, spread = centroid_distances(vectors.astype(np.float16), numbers)
    halves = vectors.astype(np.float16).astype(np.float64)
    expected = np.linalg.norm(halves[truth == 1] - halves[truth == 1].mean(axis=0), axis=1)
    assert np.allclose(distances[truth == 1], expected, rtol=1e-4)
    assert np.isnan(distances[truth == 2]).all()
    assert spread == pytest.approx(np.linalg.norm(halves - halves.mean(axis=0), axis=1).mean(), rel=1e-4)


def test_centroids_are_means_and_rows_in_no_cluster_count_nowhere() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    means = centroids_of(rows, np.array([0, 0, -1, 1, 1, 1], np.int32), 2)
    assert np.allclose(means, [rows[:2].mean(axis=0), rows[3:].mean(axis=0)])


def test_an_outlier_is_no_cluster_of_the_spanning_tree() -> None:
    vectors, truth = blobs(3, 20)
    vectors, truth = np.vstack([vectors, np.full((1, 8), 500, np.float32)]), np.append(truth, 9)
    numbers = cut_single(tree_dendrogram(graph_and_tree(vectors)[1], 61), 3, smallest=3)
    assert numbers[-1] == -1
    assert same_groups(numbers[:-1], truth[:-1])


def test_cutting_the_spanning_tree_beyond_what_it_parts_leaves_it_as_it_is() -> None:
    line = np.arange(40, dtype=np.float32)[:, None]
    numbers = cut_single(tree_dendrogram(graph_and_tree(line)[1], 40), 30, smallest=15)
    assert set(numbers.tolist()) <= {-1, 0, 1}
    assert (numbers >= 0).sum() >= 30


def test_robust_scaling_makes_columns_of_one_width() -> None:
    vectors = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32) * [1, 100, 1e4]
    scaled = cluster_space(vectors.astype(np.float32), "robust", 1e9, 0)
    widths = np.subtract(*np.percentile(scaled, [75, 25], axis=0))
    assert np.allclose(widths, 1, atol=1e-3)


def test_whitened_columns_have_one_variance_and_no_correlation() -> None:
    random = np.random.default_rng(0)
    vectors = (random.normal(size=(800, 5)) @ random.normal(size=(5, 5))).astype(np.float32)
    covariance = np.cov(cluster_space(vectors, "whiten", 1e9, 0), rowvar=False)
    assert np.allclose(covariance, np.eye(len(covariance)), atol=1e-2)


@pytest.mark.parametrize("d", [64, 5000])
def test_vectors_that_do_not_fit_are_projected_to_what_fits(d: int) -> None:
    vectors, truth = blobs(5, 40, d)
    space = cluster_space(vectors, "none", memory=200 * 4 * 10, seed=0)
    assert space.shape == (200, 10)
    assert same_groups(kmeans(space, 5, 0), truth)


@pytest.mark.parametrize("scale", [1e-6, 1, 1e6])
@pytest.mark.parametrize("method", ["kmeans", "ward"])
def test_groups_far_from_the_origin_are_found_in_large_collections_too(
    method: Method, scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kmeans_module, "EXACT_ROWS", 100)
    monkeypatch.setattr(item_trees, "EXACT_ROWS", 100)
    vectors, truth = blobs(20, 150, d=64, apart=3)
    found = clusters_of((vectors + np.float32(1e5)) * np.float32(scale), ClusterSettings(method, 20))
    assert same_groups(found.numbers, truth)


def test_vectors_without_any_variance_are_whitened() -> None:
    assert not cluster_space(np.ones((20, 3), np.float32), "whiten", 1e9, 0).any()


def test_facts_tell_sizes_and_the_estimate() -> None:
    vectors = blobs(4, 20)[0]
    settings = ClusterSettings()
    facts = cluster_facts(clusters_of(vectors, settings), settings)
    assert facts["sizes"] == [20, 20, 20, 20]
    assert facts["estimate"]["number"] == 4
    json.dumps(facts)


def test_the_workflow_clusters_does_nothing_twice_and_sees_new_images(collection: Workflow) -> None:
    assert collection.jobs("cluster") == ALL_STAGES
    numbers = pq.read_table(collection.model / "clusters.parquet")["cluster"].to_numpy()
    facts = json.loads((collection.model / "clusters.json").read_text())
    assert facts["clusters"] == numbers.max() + 1 > 1
    assert collection.jobs("cluster") == {}
    assert "labels" not in collection.jobs("cluster", clusters=3)
    assert sorted(each.name for each in (collection.model / "cluster_sheets").glob("*.jpg")) == [
        "0.jpg",
        "1.jpg",
        "2.jpg",
    ]
    assert "there are no more than 20" in collection.run("cluster", clusters=500).stderr
    write_pictures(collection.images / "more", 3, first=70)
    jobs = collection.jobs("cluster", clusters=500)
    assert jobs["clusters"] == jobs["labels"] == 1
    assert len(pq.read_table(collection.model / "labels.parquet")) == 23
