"""Seeded fractal noise: the irregularity of clouds, ridges, waves and film grain.

One square, periodic texture whose amplitude falls with frequency as a power law looks like terrain
or like clouds, depending on the power. Reading it at other scales and offsets gives new country
for free.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  # of floats: float32 wherever a canvas is filled

_SIZE = 512  # a power of two, so that wrapping round is a bit mask


@lru_cache(maxsize=16)
def texture(seed: int, falloff: float) -> Array:
    """Make a periodic texture, (512, 512) float32, mean 0, standard deviation 1.

    falloff : the amplitude is 1 / frequency ** falloff; 2 is rugged land, 1 is foliage
    """
    white = np.random.default_rng(seed).standard_normal((_SIZE, _SIZE), dtype=np.float32)
    rows = np.fft.fftfreq(_SIZE)[:, None] * _SIZE
    columns = np.fft.rfftfreq(_SIZE)[None, :] * _SIZE
    frequency = np.hypot(rows, columns)
    # Below two periods a side the texture would be one bump, and every picture the same hill.
    amplitude = np.where(frequency < 2, 0, np.maximum(frequency, 2) ** -falloff)
    field = np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=(_SIZE, _SIZE))
    scaled: Array = (field / field.std()).astype(np.float32)
    return scaled


def sample(tile: Array, x: Array, y: Array) -> Array:
    """Read a periodic texture between its points, bilinearly; one period is a distance of 1."""
    x, y = x * np.float32(_SIZE), y * np.float32(_SIZE)
    left, top = np.floor(x), np.floor(y)
    right_share, lower_share = x - left, y - top
    column, row = left.astype(np.int32) & (_SIZE - 1), top.astype(np.int32) & (_SIZE - 1)
    after, below = (column + 1) & (_SIZE - 1), (row + 1) & (_SIZE - 1)
    upper = tile[row, column] * (1 - right_share) + tile[row, after] * right_share
    lower = tile[below, column] * (1 - right_share) + tile[below, after] * right_share
    mixed: Array = upper * (1 - lower_share) + lower * lower_share
    return mixed


def smoothstep(low: float, high: float, values: Array) -> Array:
    """Rise from 0 at `low` to 1 at `high` without a corner."""
    share = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    risen: Array = share * share * (3 - 2 * share)
    return risen
