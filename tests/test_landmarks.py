"""Items between landmarks: where they must lie, whatever the weights."""

import numpy as np
import pytest

from scripts.lib.projection import landmarks
from scripts.lib.projection.landmarks import among, index_of, nearest_landmarks, place_all, weights


def clouds(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    groups = generator.integers(0, 2, n)
    vectors = generator.normal(size=(n, 8)) + 40 * groups[:, np.newaxis]
    return vectors.astype(np.float32), groups


def test_a_copy_of_a_landmark_lies_on_it() -> None:
    vectors = np.repeat(clouds(60)[0], 2, axis=0)
    rows = np.arange(0, 120, 2)
    places = np.random.default_rng(1).normal(size=(60, 2)).astype(np.float32)
    (whole,) = place_all(vectors, rows, [places])
    assert np.array_equal(whole[rows], places)
    scattered = np.linalg.norm(whole[1::2] - places, axis=1)
    assert np.median(scattered) < 0.6 * np.median(np.linalg.norm(places, axis=1))


@pytest.mark.parametrize("affordable", [0, 1e9])
def test_items_stay_with_their_group(affordable: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landmarks, "AFFORDABLE", affordable)  # exact search, or an index
    vectors, groups = clouds(400)
    rows = np.arange(0, 400, 4)
    places = np.where(groups[rows, np.newaxis] == 1, 1, -1) * np.ones((100, 2), np.float32)
    (whole,) = place_all(vectors, rows, [places.astype(np.float32)])
    np.testing.assert_allclose(whole, np.where(groups[:, np.newaxis] == 1, 1, -1) * np.ones((400, 2)))


def test_on_a_plane_items_fall_near_their_own_place() -> None:
    vectors = np.random.default_rng(0).uniform(-1, 1, (2000, 2)).astype(np.float32)
    rows = np.arange(0, 2000, 2)
    (whole,) = place_all(vectors, rows, [vectors[rows]])
    assert np.linalg.norm(whole - vectors, axis=1).max() < 0.25
    assert np.linalg.norm(whole - vectors, axis=1).mean() < 0.03


def test_several_layouts_are_placed_at_once_and_threads_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(landmarks, "BLOCK_ROWS", 16)
    vectors, _ = clouds(100)
    rows, done = np.arange(30), list[int]()
    layouts = [np.random.default_rng(s).normal(size=(30, s)).astype(np.float32) for s in (2, 3)]
    both = place_all(vectors, rows, layouts, 2, done.append)
    alone = [place_all(vectors, rows, [each])[0] for each in layouts]
    assert [each.tobytes() for each in both] == [each.tobytes() for each in alone]
    assert sum(done) == 70


@pytest.mark.parametrize("m", [1, 2, 5])
def test_fewer_landmarks_than_are_looked_for(m: int) -> None:
    vectors, _ = clouds(20)
    (whole,) = place_all(vectors, np.arange(m), [np.ones((m, 3), np.float32)])
    np.testing.assert_allclose(whole, 1)


def test_identical_vectors_lie_in_one_place() -> None:
    (whole,) = place_all(np.ones((9, 4), np.float16), np.arange(5), [np.zeros((5, 2), np.float32)])
    assert (whole == 0).all()


def test_nearer_landmarks_weigh_more() -> None:
    heavy = weights(np.array([[1, 2, 3], [5, 5, 5], [0, 0, 1]], np.float32))
    np.testing.assert_allclose(heavy.sum(axis=1), 1)
    assert heavy[0, 0] > heavy[0, 1] > heavy[0, 2]
    np.testing.assert_allclose(heavy[1], 1 / 3)
    assert heavy[2, 0] == heavy[2, 1] > heavy[2, 2]


def test_stragglers_do_not_draw_an_item_into_the_gap() -> None:
    places = np.array([[[0, 0], [0.1, 0], [0, 0.1], [100, 0]]], np.float32)
    assert np.abs(among(places, np.full((1, 4), 0.25))).max() < 1


def test_an_index_finds_what_exact_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(4000, 8)).astype(np.float32)
    exact = nearest_landmarks(index_of(vectors[:3000], 1000, seed=0), vectors[3000:])
    monkeypatch.setattr(landmarks, "AFFORDABLE", 0)
    found = nearest_landmarks(index_of(vectors[:3000], 1000, seed=0), vectors[3000:])
    assert (found[0] == exact[0]).mean() > 0.9
    assert (np.diff(found[1]) >= 0).all()
