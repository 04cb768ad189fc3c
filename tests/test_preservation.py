"""Neighbourhoods kept, against their definitions written out."""

from fractions import Fraction

import numpy as np
import pytest

from scripts.lib.ordering.measure import preservation as module
from scripts.lib.ordering.measure.preservation import NEIGHBORHOODS, by_layout, preservation, sample_size


def points(n: int, d: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def shuffled(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).permutation(n).astype(np.int32)


def distances(vectors: np.ndarray, path: np.ndarray) -> np.ndarray:
    """All distances, rows and columns in the order of the path."""
    along = vectors[path].astype(np.float64)
    return np.linalg.norm(along[:, np.newaxis] - along, axis=2)


def votes(place: int, n: int, k: int) -> dict[int, Fraction]:
    """The places among the k nearest, those at the last distance sharing what is left of k."""
    chosen: dict[int, Fraction] = {}
    for t in range(1, n):
        level = [each for each in (place - t, place + t) if 0 <= each < n]
        left = k - sum(chosen.values())
        chosen |= {each: min(Fraction(1), Fraction(left) / len(level)) for each in level if left}
    return chosen


def kept_share(vectors: np.ndarray, path: np.ndarray, k: int) -> float:
    n, along = len(path), distances(vectors, path)
    total = Fraction(0)
    for place in range(n):
        limit = np.sort(np.delete(along[place], place))[k - 1]
        near = {other for other in range(n) if along[place, other] <= limit * (1 + 1e-6)}
        total += sum(vote for other, vote in votes(place, n, k).items() if other in near)
    return float(total / (n * k))


def plain_dpq(vectors: np.ndarray, path: np.ndarray, p: int = 16) -> float:
    n, along = len(path), distances(vectors, path)
    mean = along.sum() / (n * (n - 1))
    gains: tuple[list[float], list[float]] = ([], [])
    for k in range(1, n):
        by_rank = [np.sort(np.delete(along[place], place))[:k].mean() for place in range(n)]
        by_place = [
            sum(float(vote) * along[place, other] for other, vote in votes(place, n, k).items()) / k
            for place in range(n)
        ]
        for gain, of in zip(gains, (by_place, by_rank), strict=True):
            gain.append(max(0.0, (mean - float(np.mean(of))) / mean))
    return float(np.linalg.norm(gains[0], p) / np.linalg.norm(gains[1], p))


@pytest.mark.parametrize("n", [6, 7, 12, 30, 60])
@pytest.mark.parametrize("seed", [0, 1])
def test_shares_are_those_of_the_definition(n: int, seed: int) -> None:
    vectors = points(n, seed=seed)
    path = vectors[:, 0].argsort().astype(np.int32)
    result = preservation(vectors, path)
    assert result.sample == n
    for kept in result.neighbors:
        if n > kept.k + 1:
            assert kept.share == pytest.approx(kept_share(vectors, path, kept.k), abs=1e-12)
            assert kept.chance == kept.k / (n - 1)
        else:
            assert kept.share is kept.chance is None


@pytest.mark.parametrize("n", [3, 4, 7, 25])
def test_the_quality_is_that_of_the_definition(n: int) -> None:
    vectors = points(n)
    for path in (vectors[:, 0].argsort().astype(np.int32), shuffled(n)):
        assert preservation(vectors, path).dpq == pytest.approx(plain_dpq(vectors, path), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("n", [3, 20, 120])
def test_a_line_in_order_keeps_everything(n: int) -> None:
    vectors = np.arange(n, dtype=np.float32)[:, np.newaxis]
    result = preservation(vectors, np.arange(n, dtype=np.int32))
    assert all(kept.share in (1.0, None) for kept in result.neighbors)
    assert result.dpq == pytest.approx(1.0, abs=1e-6)


def test_a_random_order_keeps_what_chance_gives() -> None:
    result = preservation(points(1000, 8), shuffled(1000, 1))
    for kept in result.neighbors:
        assert kept.share == pytest.approx(kept.chance, abs=0.005)
    assert result.dpq is not None
    assert result.dpq < 0.03


def test_a_better_order_has_better_figures() -> None:
    vectors = points(400, 2)
    path = vectors[:, 0].argsort().astype(np.int32)
    better, worse = preservation(vectors, path), preservation(vectors, shuffled(400))
    assert (better.dpq or 0) > (worse.dpq or 0)
    assert (better.neighbors[0].share or 0) > (worse.neighbors[0].share or 0)


def test_the_direction_does_not_matter() -> None:
    vectors, path = points(70), shuffled(70)
    ahead, back = preservation(vectors, path), preservation(vectors, path[::-1].copy())
    assert ahead.dpq == pytest.approx(back.dpq)
    assert ahead.neighbors == back.neighbors


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_for_neighbourhoods(n: int) -> None:
    result = preservation(points(n), shuffled(n))
    assert result.sample == n
    assert [kept.share for kept in result.neighbors] == [None] * len(NEIGHBORHOODS)
    assert result.dpq is None


def test_any_of_equal_vectors_will_do() -> None:
    result = preservation(np.ones((80, 4), np.float16), shuffled(80))
    assert [kept.share for kept in result.neighbors] == [1.0, 1.0, 1.0]
    assert result.dpq is None


def test_equal_distances_leave_nothing_to_gain() -> None:
    assert preservation(np.eye(40, dtype=np.float32), shuffled(40)).dpq is None


def test_two_far_clusters_must_not_be_mixed() -> None:
    vectors = np.concatenate([points(60), points(60, seed=1) + 1000])
    apart, mixed = np.arange(120, dtype=np.int32), np.arange(120, dtype=np.int32).reshape(2, 60).T.ravel()
    assert (preservation(vectors, apart).dpq or 0) > 0.9
    assert (preservation(vectors, mixed).dpq or 0) < 0.5


@pytest.mark.parametrize(("place", "expected"), [(0, [1, 2, 3, 4]), (1, [1, 1, 3, 4]), (2, [2, 2, 2, 2])])
def test_equally_far_places_share_their_values(place: int, expected: list[float]) -> None:
    assert by_layout(np.arange(5), place).tolist() == expected


def test_a_sample_comes_near_to_all_and_depends_on_the_seed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = points(900, 4)
    path = vectors[:, 0].argsort().astype(np.int32)
    exact = preservation(vectors, path)
    monkeypatch.setattr(module, "SAMPLE", 300)
    first, again, other = (preservation(vectors, path, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert first.sample == 300
    assert first.dpq == pytest.approx(exact.dpq, rel=0.05)
    assert first.neighbors[1].share == pytest.approx(exact.neighbors[1].share, rel=0.2)


def test_batches_and_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, path = points(130).astype(np.float16), shuffled(130)
    whole = preservation(vectors, path)
    monkeypatch.setattr(module, "BATCH_DISTANCES", 7 * 130)
    monkeypatch.setattr(module, "BLOCK_PAIRS", 50)
    assert preservation(vectors, path) == whole


@pytest.mark.parametrize(
    ("n", "d"), [(0, 8), (10, 0), (1000, 8), (60_000, 416), (1_000_000, 256), (10**7, 8192)]
)
def test_the_sample_is_affordable(n: int, d: int) -> None:
    size = sample_size(n, d)
    assert min(n, 100) <= size <= min(n, 1000)
    assert size <= max(100, 1e11 / max(1, n * d))


def test_progress_adds_up_to_the_sample() -> None:
    done: list[int] = []
    preservation(points(50), shuffled(50), progress=done.append)
    assert sum(done) == sample_size(50, 3)
