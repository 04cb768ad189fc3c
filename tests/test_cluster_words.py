"""Clusters named by the words that their members favour."""

import numpy as np
import pytest

from scripts.lib.categories.cluster_words import cluster_words, favoured

NAMES = ["moody", "sunset", "neon"]


def test_a_cluster_takes_what_its_members_favour_together() -> None:
    random = np.random.default_rng(0)
    cluster = random.integers(-1, 6, 200).astype(np.int32)
    chances = random.random((200, 3), np.float32)
    chances[random.random(200) < 0.2] = np.nan
    best = favoured(cluster, chances, 6)
    for k in range(6):
        sums = np.nansum(chances[cluster == k].astype(np.float64), axis=0)
        assert sums[best[k]] == sums.max()


def test_clusters_are_named_by_what_they_favour() -> None:
    cluster = np.array([0, 1, 2, 3, 3], np.int32)
    chances = np.array([[0, 1, 0], [0, 0, 1], [0, 1, 0], [0.5, 0.4, 0.1], [0, 0.6, 0]], np.float32)
    assert cluster_words(cluster, chances, NAMES) == {0: "sunset", 1: "neon", 2: "sunset", 3: "sunset"}


def test_clusters_of_which_nothing_is_known_have_no_word() -> None:
    chances = np.full((3, 3), np.nan, np.float32)
    assert cluster_words(np.array([0, 0, 1], np.int32), chances, NAMES) == {}
    assert cluster_words(np.array([-1, -1, -1], np.int32), chances, NAMES) == {}
    known = cluster_words(np.array([0, -1, 2], np.int32), np.eye(3, dtype=np.float32), NAMES)
    assert known == {0: "moody", 2: "neon"}


@pytest.mark.parametrize("categories", [0, 3])
def test_no_items_have_no_clusters(categories: int) -> None:
    assert cluster_words(np.empty(0, np.int32), np.empty((0, categories), np.float32), NAMES) == {}
