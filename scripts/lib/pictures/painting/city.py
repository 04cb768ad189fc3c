"""Cities: rows of towers along a bay, windows lit at night, all mirrored in the water."""

from typing import NamedTuple

import numpy as np

from scripts.lib.pictures.painting.air import Weather, ambient, haze_line
from scripts.lib.pictures.painting.colour import mix
from scripts.lib.pictures.painting.noise import Array
from scripts.lib.pictures.painting.sky import View
from scripts.lib.pictures.painting.water import reflect

_LOST = (0.72, 0.48, 0.26, 0.08)  # the share of light lost to haze, the farthest row first
_LAMP, _TUBE = np.array([1.0, 0.72, 0.36]), np.array([0.7, 0.85, 1.0])


class Tower(NamedTuple):
    """The part of the canvas that a tower fills."""

    rows: slice
    columns: slice


def paint_city(sky: Array, view: View, weather: Weather) -> Array:
    """Paint a city and its bay over a canvas of sky, (height, width, 3) linear."""
    canvas, haze = sky.copy(), haze_line(sky, view)
    generator = np.random.default_rng((weather.seed, 3))
    shore = int(view.horizon + view.focal * 0.012) + 1
    light = ambient(weather.light) + weather.light.direct * np.float32(0.35)
    dimmed = float(np.clip(60 / weather.visibility, 0.4, 1.2))
    for row, lost in enumerate(_LOST):
        for tower in _skyline(row, shore, view, weather.seed, generator):
            shades = 0.10 + 0.10 * generator.random() + 0.03 * generator.random(3)
            facade = _facade(tower, shades.astype(np.float32) * light, weather, generator)
            air = haze[None, tower.columns]
            canvas[tower.rows, tower.columns] = mix(facade, air, lost * dimmed)
    rows, columns = np.nonzero(np.arange(canvas.shape[0])[:, None] + 0 * view.right >= shore)
    canvas[rows, columns] = reflect(canvas, view, (rows, columns), weather, (0.02, 0.05, 0.09))
    return canvas


def _skyline(row: int, shore: int, view: View, seed: int, generator: np.random.Generator) -> list[Tower]:
    """Place one row of towers; they rise towards the city's middle."""
    width = view.up.shape[1]
    ordinary = view.focal * (0.022 + 0.010 * row)
    left = -ordinary * float(generator.random())
    towers = []
    while left < width:
        breadth = ordinary * float(generator.uniform(0.7, 1.7))
        middle = (left + breadth / 2) / width - 0.5
        rise = 0.35 + np.exp(-(((middle - 0.18 * np.sin(seed * 2.1)) / 0.28) ** 2))
        share = float(generator.uniform(0.25, 1)) ** 1.5 * (1.15 - 0.22 * row)
        top = max(0, shore - max(1, int(view.focal * 0.30 * share * rise)))
        tower = Tower(slice(top, shore), slice(max(0, int(left)), int(min(width, left + breadth))))
        if generator.random() < 0.9 and tower.columns.stop > tower.columns.start:
            towers.append(tower)
        left += breadth
    return towers


def _facade(tower: Tower, wall: Array, weather: Weather, generator: np.random.Generator) -> Array:
    """Paint one wall, (height, width, 3): darker on one side, windows lit at random."""
    height = tower.rows.stop - tower.rows.start
    width = tower.columns.stop - tower.columns.start
    night = weather.light.night
    pitch = int(generator.integers(3, 6))  # pixels from window to window
    chance = generator.random((height // pitch + 1, width // pitch + 1))
    share = 0.08 + 0.5 * night * generator.random()
    lit = np.where(chance < share, generator.random(chance.shape) * 0.9 + 0.3, 0)
    windows = np.kron(lit, np.ones((pitch, pitch)))[:height, :width]
    frame = (np.arange(height)[:, None] % pitch > 0) & (np.arange(width)[None, :] % pitch > 0)
    lamps = _LAMP if generator.random() < 0.75 else _TUBE
    glow = (windows * frame * (0.25 + 0.75 * night))[..., None] * lamps * 0.8
    side = 1 + 0.35 * np.linspace(1, -1, width)[None, :, None]
    facade: Array = (wall * side + glow).astype(np.float32)
    return facade
