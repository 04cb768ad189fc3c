"""Water: a rippled mirror far off, its own colour near by, white where it breaks on a shore."""

import numpy as np
import numpy.typing as npt

from scripts.lib.pictures.painting.air import Weather, ambient
from scripts.lib.pictures.painting.colour import mix
from scripts.lib.pictures.painting.noise import Array, sample, smoothstep, texture
from scripts.lib.pictures.painting.sky import View

Pixels = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]  # rows, columns

_RIPPLES = (4, 1.1)  # the texture of the water


def reflect(
    canvas: Array, view: View, at: Pixels, weather: Weather, deep: tuple[float, float, float]
) -> Array:
    """Mirror the canvas in rippled water of a colour `deep` at the given pixels, (n, 3)."""
    rows, columns = at
    down = np.maximum(-view.up[rows, columns], np.float32(0.004))
    away = 1 / down
    x, y = view.right[rows, columns] * away, away
    tile = texture(*_RIPPLES)
    ripple = sample(tile, x * 0.035 + weather.seed * 0.7, y * 0.06)
    ripple += 0.6 * sample(tile, x * 0.01, y * 0.025 + weather.seed * 0.3)
    jitter = ripple * np.float32(view.focal) * (0.012 + 0.05 * down)
    mirrored = 2 * view.horizon - rows - np.abs(jitter)
    source = np.clip(mirrored, 0, max(view.horizon - 1, 0)).astype(np.int64)
    sideways = np.clip(columns + jitter * 0.25, 0, canvas.shape[1] - 1).astype(np.int64)
    own = np.array(deep, np.float32) * ambient(weather.light) * 2.2
    own = own * (1 + 0.22 * ripple[:, None])
    # The flatter the view, the more of the light is mirrored and the less comes from below.
    glancing = 0.12 + 0.80 * np.exp(-down / 0.16)
    return mix(own, canvas[source, sideways], glancing)


def foam(right: Array, away: Array, height: Array) -> Array:
    """White lines of surf where the water is shallow, broken by noise, as a share."""
    wave = sample(texture(*_RIPPLES), right * 0.02, away * 0.02)
    lines = 0.5 + 0.5 * np.sin(height * 14 + wave * 1.6)
    shallow = smoothstep(-0.9, -0.02, height)
    broken: Array = np.clip(lines**3 * shallow**2 * (0.7 + 0.5 * wave), 0, 0.9)
    return broken
