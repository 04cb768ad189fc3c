"""The one way in which a Euclidean distance is computed, wherever a decision hangs on it.

Distances from the norm expansion are wrong in the last digits for close vectors, and a search that
mixes them with directly computed ones can cycle for ever. So neighbours, trees and paths all take
their distances from here: squared differences summed in single precision, equal bits for (i, j)
and (j, i). Half floats are widened on the fly, so that a memory map is never copied as a whole.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.extending import overload

from scripts.lib.ordering.vectors import Floats, Ints


def kernel_view(vectors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the vectors in the form that the compiled functions read, without copying them.

    Half floats are passed as their bits, because numba has no half floats on a CPU.

    vectors : (n, d) float16 or float32, rows contiguous
    returns : (n, d) uint16 or float32
    """
    if vectors.dtype not in (np.float16, np.float32):
        raise TypeError(f"vectors are {vectors.dtype}; convert them to float16 or float32 first")
    whole = np.ascontiguousarray(vectors)
    return whole.view(np.uint16) if whole.dtype == np.float16 else whole


def widen(value: Any) -> Any:
    """Turn the bits of a finite half float into a float32; leave a float32 as it is."""
    raise NotImplementedError("runs only inside compiled functions")


@overload(widen)
def _widen(value: Any) -> Callable[[Any], Any]:
    def from_half(value: Any) -> Any:
        bits = np.uint32(value)
        sign = (bits & np.uint32(0x8000)) << np.uint32(16)
        magnitude = (bits & np.uint32(0x7FFF)) << np.uint32(13)
        # Both exponents are biased, by 15 and by 127: the difference is a factor of 2 ** 112.
        return np.uint32(sign | magnitude).view(np.float32) * np.float32(2.0**112)

    def unchanged(value: Any) -> Any:
        return value

    return from_half if isinstance(value, types.Integer) else unchanged


@njit(cache=True, fastmath=True, error_model="numpy", nogil=True)
def distance(vectors: npt.NDArray[Any], i: int, j: int) -> Any:
    """Return the Euclidean distance of rows i and j, a float32."""
    total = np.float32(0.0)
    for column in range(vectors.shape[1]):
        gap = widen(vectors[i, column]) - widen(vectors[j, column])
        total += gap * gap
    return np.sqrt(total)


@njit(cache=True, nogil=True)
def pair_distances(vectors: npt.NDArray[Any], sources: Ints, targets: Ints) -> Floats:
    """Return the distance of each pair of rows.

    sources, targets : (m,) int32
    returns : (m,) float32, Euclidean
    """
    lengths = np.empty(sources.size, np.float32)
    for pair in range(sources.size):
        lengths[pair] = distance(vectors, sources[pair], targets[pair])
    return lengths
