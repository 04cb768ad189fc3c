"""The number of clusters: right where groups are plain, between its bounds everywhere."""

import numpy as np
import pytest

from scripts.lib.clustering.agglomerate import agglomerate
from scripts.lib.clustering.dendrogram import cut
from scripts.lib.clustering.estimate import (
    effective_dimension,
    estimate_clusters,
    largest_number,
    numbers_between,
    within_squares,
)
from tests.groups import blobs

TOLERANCE = 0.2


@pytest.mark.parametrize(("groups", "each"), [(3, 60), (10, 40), (10, 200), (40, 15), (100, 5), (100, 20)])
@pytest.mark.parametrize("d", [8, 96])
def test_well_separated_groups_are_counted(groups: int, each: int, d: int) -> None:
    vectors = blobs(groups, each, d)[0]
    found = estimate_clusters(vectors, 2, largest_number(len(vectors)), seed=0).number
    assert abs(found - groups) <= TOLERANCE * groups


def test_two_groups_are_two() -> None:
    assert estimate_clusters(blobs(2, 50)[0], 2, 33, seed=0).number == 2


def test_the_bounds_hold() -> None:
    vectors = blobs(10, 30)[0]
    assert estimate_clusters(vectors, 20, 40, seed=0).number >= 20
    assert estimate_clusters(vectors, 2, 5, seed=0).number <= 5


def test_without_structure_the_silhouette_has_no_vote() -> None:
    found = estimate_clusters(np.random.default_rng(0).normal(size=(400, 16)).astype(np.float32), 2, 133, 0)
    assert "silhouette" in found.curves
    assert "silhouette" not in found.votes
    assert found.number > 3


@pytest.mark.parametrize("n", range(8))
def test_a_handful_of_rows_has_no_more_clusters_than_rows(n: int) -> None:
    vectors = np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32)
    assert 1 <= estimate_clusters(vectors, 2, largest_number(n), seed=0).number <= max(n, 1)


def test_equal_rows_have_an_estimate() -> None:
    assert estimate_clusters(np.ones((60, 4), np.float32), 2, 20, seed=0).number == 2


def test_squares_within_clusters_follow_from_heights() -> None:
    vectors = blobs(4, 20)[0]
    tree, tried = agglomerate(vectors, np.ones(80, np.int64), "ward"), np.array([1, 4, 11])
    for k, found in zip(tried, within_squares(tree, tried), strict=True):
        numbers = cut(tree, int(k))
        sums = [((vectors[numbers == c] - vectors[numbers == c].mean(0)) ** 2).sum() for c in range(k)]
        assert found == pytest.approx(sum(sums), rel=1e-4)


def test_every_number_is_tried_at_first_and_the_last_one_always() -> None:
    assert numbers_between(2, 9).tolist() == list(range(2, 10))
    assert numbers_between(5, 5).tolist() == [5]
    assert numbers_between(2, 1000)[-1] == 1000


def test_the_effective_dimension_of_a_ball_is_its_own() -> None:
    random = np.random.default_rng(0).normal(size=(5000, 6)).astype(np.float32)
    assert effective_dimension(random) == pytest.approx(6, rel=0.05)
    assert effective_dimension(random[:, :1] * np.ones(6, np.float32)) == pytest.approx(1)
