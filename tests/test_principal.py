"""Principal components against scikit-learn's, and of vectors that have few or none."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from scripts.lib.projection import principal
from scripts.lib.projection.principal import principal_axes, principal_components


def stretched(n: int, d: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    widths = 2.0 ** -np.arange(d)
    rotation = np.linalg.qr(generator.normal(size=(d, d)))[0]
    return (10 + generator.normal(size=(n, d)) * widths @ rotation).astype(np.float32)


def up_to_sign(components: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return components * np.sign((components * expected).sum(axis=0))


@pytest.mark.parametrize("threads", [1, 3])
def test_components_are_those_of_scikit_learn(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(principal, "BLOCK_VALUES", 70)  # blocks of 10 rows
    vectors = stretched(123, 7)
    expected = PCA(3, svd_solver="full").fit_transform(vectors.astype(np.float64))
    components = principal_components(vectors, 3, threads)
    np.testing.assert_allclose(up_to_sign(components, expected), expected, atol=1e-5)


def test_many_columns_are_reduced_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = stretched(200, 12)
    exact = principal_components(vectors, 3)
    monkeypatch.setattr(principal, "MOST_COLUMNS", 11)
    np.testing.assert_allclose(principal_components(vectors, 3), exact, atol=1e-3)


def test_bytes_depend_on_no_threads_and_on_no_memory_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(principal, "BLOCK_VALUES", 300)
    np.save(tmp_path / "vectors.npy", stretched(500, 30).astype(np.float16))
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    results = [principal_components(v, 3, t).tobytes() for v in (mapped, np.array(mapped)) for t in (1, 2)]
    assert len(set(results)) == 1


def test_directions_have_a_sign_of_their_own() -> None:
    vectors = stretched(50, 5)
    directions = principal_axes(vectors, 3).directions
    assert (directions[np.abs(directions).argmax(axis=0), range(3)] > 0).all()
    np.testing.assert_allclose(directions.T @ directions, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
@pytest.mark.parametrize("d", [1, 2, 5])
def test_few_vectors_and_few_columns_leave_zeros(n: int, d: int) -> None:
    vectors = np.random.default_rng(n).normal(size=(n, d)).astype(np.float32)
    components = principal_components(vectors, 3)
    assert components.shape == (n, 3)
    gaps = [np.linalg.norm(v[:, np.newaxis] - v, axis=2) for v in (components, vectors.astype(np.float64))]
    np.testing.assert_allclose(*gaps, atol=1e-6)  # up to four vectors lie in three dimensions


def test_large_values_are_no_overflow() -> None:
    vectors = stretched(50, 4)
    large = vectors * np.float32(2.0**50)
    np.testing.assert_allclose(
        principal_components(large, 3) / 2.0**50, principal_components(vectors, 3), atol=1e-9
    )


def test_progress_counts_every_row_once() -> None:
    done: list[int] = []
    principal_components(stretched(77, 4), 2, 1, done.append)
    assert sum(done) == 77
