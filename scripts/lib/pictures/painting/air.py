"""The air between the viewer and things: what it adds and what it hides."""

from typing import NamedTuple

import numpy as np

from scripts.lib.pictures.painting.noise import Array
from scripts.lib.pictures.painting.sky import Light, View


class Weather(NamedTuple):
    """The light, the clearness and the season in which a place is seen."""

    light: Light
    visibility: float  # the distance at which 63 % of a thing's light is lost
    season: float
    seed: int


def ambient(light: Light) -> Array:
    """The light of the whole sky, (3,)."""
    sky: Array = (light.zenith + light.middle + light.horizon) * np.float32(0.30) + 0.006
    return sky


def haze_line(sky: Array, view: View) -> Array:
    """The sky's colour just above the horizon, per column, (width, 3), smoothed sideways."""
    row = int(np.clip(view.horizon - 0.02 * view.focal, 0, sky.shape[0] - 1))
    line = sky[row]
    reach = max(3, line.shape[0] // 12)
    kernel = np.ones(reach, np.float32) / reach
    padded = np.pad(line, ((reach // 2, reach - 1 - reach // 2), (0, 0)), mode="edge")
    smooth = [0.92 * np.convolve(padded[:, c], kernel, mode="valid") for c in range(3)]
    return np.stack(smooth, axis=1).astype(np.float32)
