"""The space in which clusters are looked for: the vectors as they are, or with their dimensions weighed anew.

Single precision, all rows in memory, around their centre: far from the origin the squares of which distances
are made would lose them. Where rows would not fit, they are projected to as many principal components as do.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from scripts.lib.ordering.vectors import Floats, Vectors, float_blocks, sample_rows
from scripts.lib.projection.principal import principal_axes

Transform = Callable[[Floats], npt.NDArray[Any]]

SAMPLE_ROWS = 20_000  # rows that quartiles and components are computed from
WHITENED_VARIANCE = (
    0.95  # beyond, components are mostly noise, which whitening would raise to the same height
)
MOST_WHITENED = 256


def cluster_space(vectors: Vectors, scaling: str, memory: float, seed: int) -> Floats:
    """Return the vectors as clusters are to be looked for in them: (n, d') float32.

    vectors : (n, d) float16 or float32, may be a memory map
    scaling : none; robust, by medians and quartiles; whiten, principal components of equal variance
    memory : bytes that they may take
    """
    n, d = vectors.shape
    if n < 2 or d == 0:
        return np.asarray(vectors, np.float32)
    sample = vectors[sample_rows(n, SAMPLE_ROWS, seed)].astype(np.float32)
    with threadpool_limits(1, "blas"):  # sums, and so clusters, do not depend on the number of cores
        steps = _scalings(sample, scaling, seed)
        for step in steps:
            sample = step(sample).astype(np.float32)
        room = max(1, int(memory / (4 * n)))
        if sample.shape[1] > room:
            steps.append(_projection(sample, min(room, len(sample))))
            sample = steps[-1](sample)
        return _transformed(vectors, steps, sample.shape[1])


def _scalings(sample: Floats, scaling: str, seed: int) -> list[Transform]:
    if scaling == "robust":
        from sklearn.preprocessing import RobustScaler

        return [RobustScaler().fit(sample).transform]
    if scaling == "whiten":
        return [_whitening(sample, seed)]
    centre = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    return [lambda rows: rows - centre]


def _whitening(sample: Floats, seed: int) -> Transform:
    from sklearn.decomposition import PCA

    most = min(*sample.shape, MOST_WHITENED)
    with np.errstate(invalid="ignore"):  # shares of no variance at all
        pca = PCA(most, whiten=True, svd_solver="auto", random_state=seed).fit(sample)
    kept = np.searchsorted(np.cumsum(pca.explained_variance_ratio_), WHITENED_VARIANCE) + 1
    return lambda rows: pca.transform(rows)[:, :kept]


def _projection(sample: Floats, k: int) -> Transform:
    axes = principal_axes(sample, k)
    return lambda rows: (rows - axes.centre) @ axes.directions


def _transformed(vectors: Vectors, steps: list[Transform], width: int) -> Floats:
    space = np.empty((len(vectors), width), np.float32)
    for start, block in float_blocks(vectors):
        for step in steps:
            block = step(block).astype(np.float32)
        space[start : start + len(block)] = block
    return space
