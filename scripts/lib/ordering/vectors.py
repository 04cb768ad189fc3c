"""What vectors are to everything that puts them in order: their types, their blocks, samples of them.

Stages that only look at vectors import this, neither a compiler nor a library that searches: to load those
takes longer than most of them work.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[Any]  # (n, d) float16 or float32
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

LARGEST = 2.0**54  # value whose square, summed over 65,536 columns, single precision can hold
BLOCK_ROWS = 1 << 14
BLOCK_VALUES = 1 << 25
CENTRE_ROWS = 1000


def measurable(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which values are finite and small enough for the metric, element by element."""
    small: npt.NDArray[np.bool_] = np.abs(values) < LARGEST  # false for NaN
    return small


def float_blocks(vectors: Vectors) -> Iterator[tuple[int, Floats]]:
    """Yield the vectors in blocks of float32, each with the number of its first row."""
    rows = min(BLOCK_ROWS, max(1, BLOCK_VALUES // max(1, vectors.shape[1])))
    for start in range(0, len(vectors), rows):
        yield start, np.ascontiguousarray(vectors[start : start + rows], np.float32)


def sample_rows(n: int, size: int, seed: int) -> Rows:
    """Draw rows without repetition, in ascending order, all of them where size exceeds n."""
    drawn = np.random.default_rng(seed).choice(n, min(size, n), replace=False)
    return np.sort(drawn)


def centre_of(vectors: Vectors) -> Floats:
    """Return about the mean of the vectors: (d,) float32."""
    some = vectors[:: max(1, len(vectors) // CENTRE_ROWS)].astype(np.float64)
    centre: Floats = some.mean(axis=0).astype(np.float32)
    return centre
