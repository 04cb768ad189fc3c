"""Principal component analysis of any number of vectors: the directions in which they differ most.

Covariances are summed block by block in double precision, so memory grows with the square of the columns
and not with the rows. Every block is multiplied by one thread, and sums are added in the order of the
blocks: the result does not depend on the number of threads. Where there are very many columns,
scikit-learn's randomised solver finds the directions from a sample.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from scripts.lib.ordering.vectors import Vectors, sample_rows
from scripts.lib.projection.sample import Doubles

BLOCK_VALUES = 1 << 22  # 32 MB of double precision
MOST_COLUMNS = 2048  # whose covariances are decomposed in some seconds
SAMPLE_ROWS = 8192

Result = TypeVar("Result")


class Axes(NamedTuple):
    """Where vectors lie, and along what they differ.

    centre : (d,) float64
    directions : (d, k) float64, orthonormal columns, the widest first; the largest entry of each is positive
    """

    centre: Doubles
    directions: Doubles


def principal_components(
    vectors: Vectors, k: int, threads: int = 1, progress: Callable[[int], object] = lambda rows: None
) -> Doubles:
    """Return the first k principal components of each vector: (n, k) float64; zeros beyond the d-th.

    vectors : (n, d) float16 or float32, read where they lie, twice or three times
    progress : called with the number of rows newly projected
    """
    components = np.zeros((len(vectors), k))
    if len(vectors) < 2:
        progress(len(vectors))
        return components
    with threadpool_limits(1, user_api="blas"):
        axes = principal_axes(vectors, min(k, vectors.shape[1]), threads)
        width = axes.directions.shape[1]

        def fill(start: int) -> int:
            block = _block(vectors, start)
            components[start : start + len(block), :width] = (block - axes.centre) @ axes.directions
            return len(block)

        for rows in _in_order(fill, vectors, threads):
            progress(rows)
    return components


def principal_axes(vectors: Vectors, k: int, threads: int = 1) -> Axes:
    """Return the centre and the first k directions; at most as many as there are vectors."""
    if vectors.shape[1] > MOST_COLUMNS:
        return _axes_of_sample(vectors, k)
    first, total = vectors[0].astype(np.float64), np.zeros(vectors.shape[1])
    for each in _in_order(lambda start: (_block(vectors, start) - first).sum(axis=0), vectors, threads):
        total += each
    centre = first + total / len(vectors)  # of equal vectors the vector itself, to the last bit

    def products(start: int) -> Doubles:
        apart = _block(vectors, start) - centre
        result: Doubles = apart.T @ apart
        return result

    covariance = np.zeros((vectors.shape[1], vectors.shape[1]))
    for each in _in_order(products, vectors, threads):
        covariance += each
    return Axes(centre, _signed(np.linalg.eigh(covariance)[1][:, : -k - 1 : -1]))


def _axes_of_sample(vectors: Vectors, k: int) -> Axes:
    from sklearn.decomposition import PCA

    first = vectors[0].astype(np.float64)
    some = vectors[sample_rows(len(vectors), SAMPLE_ROWS, seed=0)] - first
    method = PCA(min(k, len(some)), svd_solver="randomized", random_state=0, iterated_power=7)
    with np.errstate(invalid="ignore"):  # shares of no variance at all
        fitted = method.fit(some)
    return Axes(first + fitted.mean_, _signed(fitted.components_.T))


def _signed(directions: Doubles) -> Doubles:
    """Turn directions, columns, so that the largest entry of each is positive."""
    largest = np.abs(directions).argmax(axis=0)
    signs: Doubles = np.where(directions[largest, np.arange(directions.shape[1])] < 0, -1.0, 1.0)
    return directions * signs


def _block(vectors: Vectors, start: int) -> Doubles:
    block: Doubles = vectors[start : start + _block_rows(vectors)].astype(np.float64)
    return block


def _block_rows(vectors: Vectors) -> int:
    return max(1, BLOCK_VALUES // max(1, int(vectors.shape[1])))


def _in_order(work: Callable[[int], Result], vectors: Vectors, threads: int) -> Iterator[Result]:
    """Share out blocks of a fixed size; yield what the work returns, in their order, few at a time."""
    starts = range(0, len(vectors), _block_rows(vectors))
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(starts), 2 * threads):
            yield from pool.map(work, starts[first : first + 2 * threads])
