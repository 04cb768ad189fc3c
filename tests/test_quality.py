"""The figures on a path against the same figures computed the plain way."""

import json

import numpy as np
import pytest

from scripts.lib.ordering.bound import Bound
from scripts.lib.ordering.quality import link_lengths, path_quality


def line(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.float16)[:, np.newaxis] * np.array([3, 4], np.float16)


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
        link_lengths(np.zeros((3, 2)), np.arange(3, dtype=np.int32))


def test_figures_of_a_straight_line() -> None:
    quality = path_quality(line(100), np.arange(100, dtype=np.int32))
    assert (quality.length, quality.mean, quality.median, quality.maximum) == (495, 5, 5, 5)
    assert 0 < quality.ratio < 0.1


def test_worst_links_are_named_by_position_longest_first() -> None:
    path = np.array([*range(50), *range(99, 49, -1)], np.int32)
    worst = path_quality(line(100), path).worst
    assert len(worst) == 20
    assert worst[0] == (49, 250.0)
    assert [link.position for link in worst[1:4]] == [0, 1, 2]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_paths_have_figures(n: int) -> None:
    quality = path_quality(line(n), np.arange(n, dtype=np.int32))
    assert (quality.length, quality.ratio) == (5.0 * max(n - 1, 0), 1.0)


def test_identical_vectors_are_no_division_by_zero() -> None:
    quality = path_quality(np.ones((30, 4), np.float16), np.arange(30, dtype=np.int32))
    assert (quality.length, quality.ratio) == (0.0, 1.0)


def test_the_gap_is_measured_from_the_bound() -> None:
    quality = path_quality(line(100), np.arange(100, dtype=np.int32), bound=Bound(450.0, "proven", 1))
    assert (quality.lower_bound, quality.bound_kind) == (450.0, "proven")
    assert quality.gap == pytest.approx(0.1)


@pytest.mark.parametrize("bound", [Bound(0.0, "none", 0), Bound(0.0, "proven", 100)])
def test_a_bound_of_zero_gives_no_gap(bound: Bound) -> None:
    figures = path_quality(line(100), np.arange(100, dtype=np.int32), bound=bound).as_json()
    assert (figures["lower_bound"], figures["bound_kind"]) == (0.0, bound.kind)
    assert figures["gap"] is None


def test_figures_are_json_and_depend_on_the_seed_alone() -> None:
    path = np.arange(100, dtype=np.int32)
    first, again = (json.dumps(path_quality(line(100), path, seed=3).as_json()) for _ in range(2))
    assert first == again
    assert json.loads(first)["worst"][0] == {"position": 0, "distance": 5.0}
