"""The figures on a path against the same figures computed the plain way."""

import json

import numpy as np
import pytest

from scripts.lib.ordering.graph.knn import nearest_neighbors
from scripts.lib.ordering.measure.preservation import preservation
from scripts.lib.ordering.measure.quality import (
    NO_BOUND,
    LowerBound,
    OrderFigures,
    PathQuality,
    Quality,
    TreeFigures,
    link_lengths,
    measure_links,
    order_figures,
    random_order,
    summary,
)
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.tree.near_duplicates import near_duplicates


def line(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.float16)[:, np.newaxis] * np.array([3, 4], np.float16)


def measured(vectors: np.ndarray, path: np.ndarray, bound: LowerBound = NO_BOUND) -> PathQuality:
    shuffled = random_order(len(path), 0)
    return measure_links(link_lengths(vectors, path), link_lengths(vectors, shuffled), bound)


def along(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.int32)


def whole(vectors: np.ndarray, path: np.ndarray) -> Quality:
    tree = minimum_spanning_tree(vectors, nearest_neighbors(vectors))
    weight, longest = float(tree["distance"].sum()), float(tree["distance"].max(initial=0))
    return Quality(
        items=len(path),
        path=measured(vectors, path),
        tree=TreeFigures(weight, longest, exact=True),
        orders={"path": order_figures(link_lengths(vectors, path), None)},
        label_chance=None,
        preservation=preservation(vectors, path),
        near_duplicates=near_duplicates(tree, path),
        worst=(),
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_links_are_euclidean(dtype: type) -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(200, 33)).astype(dtype)
    path = generator.permutation(200).astype(np.int32)
    expected = np.linalg.norm(np.diff(vectors[path].astype(np.float64), axis=0), axis=1)
    assert link_lengths(vectors, path).dtype == np.float32
    np.testing.assert_allclose(link_lengths(vectors, path), expected, rtol=1e-6)


@pytest.mark.parametrize("value", [6e-8, 6.1e-5, 1e-4, 0.333, 1.0, 1000.0, 65504.0])
def test_half_floats_are_widened_exactly(value: float) -> None:
    vectors = np.array([[value], [0], [-value]], np.float16)
    links = link_lengths(vectors, np.array([0, 1, 2], np.int32))
    assert links.tolist() == [float(vectors[0, 0])] * 2


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(TypeError, match="float64"):
        link_lengths(np.zeros((3, 2)), along(3))


def test_figures_of_a_straight_line() -> None:
    quality = measured(line(100), along(100))
    assert (quality.length, quality.mean, quality.median, quality.maximum) == (495, 5, 5, 5)
    assert 0 < quality.ratio < 0.1


def test_worst_links_are_named_by_position_longest_first() -> None:
    path = np.array([*range(50), *range(99, 49, -1)], np.int32)
    worst = measured(line(100), path).worst
    assert len(worst) == 20
    assert worst[0] == (49, 250.0)
    assert [link.position for link in worst[1:4]] == [0, 1, 2]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_paths_have_figures(n: int) -> None:
    quality = measured(line(n), along(n))
    assert (quality.length, quality.ratio) == (5.0 * max(n - 1, 0), 1.0)


def test_identical_vectors_are_no_division_by_zero() -> None:
    quality = measured(np.ones((30, 4), np.float16), along(30))
    assert (quality.length, quality.ratio) == (0.0, 1.0)


def test_the_gap_is_measured_from_the_bound() -> None:
    quality = measured(line(100), along(100), LowerBound(450.0, "statistical", 0.99))
    assert (quality.lower_bound, quality.bound_kind, quality.bound_confidence) == (450.0, "statistical", 0.99)
    assert quality.gap == pytest.approx(0.1)


@pytest.mark.parametrize("kind", ["none", "proven"])
def test_a_bound_of_zero_gives_no_gap(kind: str) -> None:
    quality = measured(line(100), along(100), LowerBound(0.0, kind))
    assert (quality.lower_bound, quality.bound_kind, quality.gap) == (0.0, kind, None)


def test_the_line_for_the_terminal_says_how_sure_the_bound_is() -> None:
    texts = [
        summary(measured(line(100), along(100), bound))
        for bound in (LowerBound(), LowerBound(450.0, "proven"), LowerBound(450.0, "statistical", 0.99))
    ]
    assert all(text.startswith("mean link 5, ") for text in texts)
    assert "no lower bound" in texts[0]
    assert texts[1].endswith("at most 10.00% longer than the shortest possible")
    assert texts[2].endswith("shortest possible (99% sure)")


@pytest.mark.parametrize("n", [0, 1, 2, 3, 40])
@pytest.mark.parametrize("scale", [0, 1])
def test_the_whole_is_json_whatever_the_collection(n: int, scale: int) -> None:
    text = json.dumps(whole(scale * line(n), random_order(n, 1)).as_json(), allow_nan=False)
    assert json.loads(text)["items"] == n


def test_no_path_has_a_worst_link_shorter_than_the_trees_longest_edge() -> None:
    generator = np.random.default_rng(0)
    for n in (2, 3, 5, 20):
        vectors = generator.normal(size=(n, 3)).astype(np.float32)
        ratios = [whole(vectors, random_order(n, seed)).worst_over_tree or 0 for seed in range(30)]
        assert min(ratios) >= 1
    assert whole(line(20), along(20)).worst_over_tree == 1
    assert whole(0 * line(20), along(20)).worst_over_tree is None


def test_orders_are_compared_by_length_and_mean() -> None:
    links = np.array([1, 2, 3], np.float32)
    assert order_figures(links, 0.5) == OrderFigures(6.0, 2.0, 0.5)
    assert order_figures(links[:0], None) == OrderFigures(0.0, 0.0, None)


def test_a_random_order_depends_on_the_seed_alone() -> None:
    first, again, other = random_order(50, 1), random_order(50, 1), random_order(50, 2)
    assert first.tolist() == again.tolist() != other.tolist()
    assert sorted(first.tolist()) == list(range(50))
