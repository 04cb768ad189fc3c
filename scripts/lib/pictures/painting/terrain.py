"""Land in perspective: a height field seen by a viewer standing in it.

The field is walked away from the viewer in steps that grow with distance. The first step that
rises above a pixel is what that pixel sees; there the ground is coloured, lit from the sun's side
and dimmed into the haze. The unit of length is about the height of a person.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.pictures.painting.air import Weather, ambient, haze_line
from scripts.lib.pictures.painting.colour import mix
from scripts.lib.pictures.painting.noise import Array
from scripts.lib.pictures.painting.sky import View
from scripts.lib.pictures.painting.water import foam, reflect

_NEAR, _FAR, _STEPS = 1.5, 240.0, 200


class Spot(NamedTuple):
    """Places on the map, arrays of one shape; a slope of 1 is 45 degrees."""

    right: Array
    away: Array
    height: Array
    slope: Array
    seed: int


class Country(NamedTuple):
    """A kind of land. Heights are above the water, which lies wherever they are negative."""

    height: Callable[[Array, Array, int], Array]  # (right, away, seed)
    colour: Callable[[Spot, float], Array]  # (spot, season) -> albedo (..., 3)
    eye: float  # the viewer's height above the water
    deep: tuple[float, float, float]  # the water's own colour
    surf: float  # how white its edge is, a share


def paint_land(sky: Array, view: View, country: Country, weather: Weather) -> Array:
    """Paint land and water over a canvas of sky, (height, width, 3) linear."""
    away, seen = _first_hit(view, country, weather.seed)
    rows, columns = np.nonzero(seen)
    spot_away = away[seen]
    right = view.right[seen] * spot_away
    height = country.height(right, spot_away, weather.seed)
    canvas = sky.copy()
    haze = haze_line(sky, view)[columns]
    ground = _lit_ground(country, weather, right, spot_away, height)
    lost = 1 - np.exp(-spot_away / np.float32(weather.visibility))
    canvas[rows, columns] = mix(ground, haze, lost)
    wet = height < 0
    if wet.any():
        water = reflect(canvas, view, (rows[wet], columns[wet]), weather, country.deep)
        white = foam(right[wet], spot_away[wet], height[wet]) * np.float32(country.surf)
        water = mix(water, ambient(weather.light) * 1.3 + weather.light.direct * 0.35, white)
        canvas[rows[wet], columns[wet]] = mix(water, haze[wet], lost[wet] * np.float32(0.6))
    return canvas


def _first_hit(view: View, country: Country, seed: int) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Find how far each pixel sees, (height, width), and which pixels see ground at all."""
    rows, width = view.up.shape
    steps = np.geomspace(_NEAR, _FAR, _STEPS, dtype=np.float32)[:, None]
    height = np.maximum(country.height(view.right[:1] * steps, steps + 0 * view.right[:1], seed), 0)
    row_of_top = view.horizon - (height - country.eye) / steps * np.float32(view.focal)
    crest = np.minimum.accumulate(row_of_top, axis=0)  # (steps, width)
    step = _first_step(crest, rows)
    seen = step < _STEPS
    after = np.minimum(step, _STEPS - 1)
    before = np.maximum(after - 1, 0)
    columns = np.arange(width)
    low, high = crest[before, columns], crest[after, columns]
    share = np.clip((low - np.arange(rows)[:, None]) / np.maximum(low - high, 1e-3), 0, 1)
    distances = steps[:, 0]
    away = distances[before] + (distances[after] - distances[before]) * share
    return away.astype(np.float32), seen


def _first_step(crest: Array, rows: int) -> npt.NDArray[np.int64]:
    """Find the first step whose crest reaches up to each pixel, (rows, width); none: `_STEPS`.

    crest : (steps, width), canvas rows, never increasing with the steps
    """
    width = crest.shape[1]
    # Counting the steps that stay below each pixel is a histogram and a running sum: no loop.
    reached = np.clip(np.ceil(crest), 0, rows).astype(np.int64)
    cells = np.bincount((reached * width + np.arange(width)).ravel(), minlength=(rows + 1) * width)
    count: npt.NDArray[np.int64] = np.cumsum(cells.reshape(rows + 1, width)[:rows], axis=0)
    return _STEPS - count


def _lit_ground(country: Country, weather: Weather, right: Array, away: Array, height: Array) -> Array:
    """Colour the ground at the places seen, (n, 3), by its slope towards the sun."""
    step = away * np.float32(0.012) + np.float32(0.03)  # coarser far off, where a pixel covers more
    east = (country.height(right + step, away, weather.seed) - height) / step
    north = (country.height(right, away + step, weather.seed) - height) / step
    steepness = np.hypot(east, north)
    x, up, depth = weather.light.direction
    facing = (up - east * x - north * depth) / np.sqrt(1 + steepness**2)
    albedo = country.colour(Spot(right, away, height, steepness, weather.seed), weather.season)
    direct = np.clip(facing * 0.95 + 0.05, 0, 1)[:, None] * weather.light.direct
    lit: Array = albedo * (ambient(weather.light) + direct * np.float32(1.25))
    return lit
