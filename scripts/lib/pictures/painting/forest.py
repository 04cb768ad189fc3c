"""Forests: rows of trees in mist, painted from the far ones to the near."""

from typing import NamedTuple

import numpy as np

from scripts.lib.pictures.painting.air import Weather, ambient, haze_line
from scripts.lib.pictures.painting.colour import by_season, mix, rgb
from scripts.lib.pictures.painting.noise import Array, sample, smoothstep, texture
from scripts.lib.pictures.painting.sky import View

_ROWS = 8
_NEARER = 1.36  # how much larger each row is than the one behind it


class Row(NamedTuple):
    """One row of trees; lengths in pixels."""

    base: float  # the canvas row on which the trees stand
    tall: float  # an ordinary tree's height
    lost: float  # the share of its light that the mist takes


def paint_forest(sky: Array, view: View, weather: Weather) -> Array:
    """Paint rows of trees in mist over a canvas of sky, (height, width, 3) linear."""
    canvas, haze = sky.copy(), haze_line(sky, view)
    generator = np.random.default_rng((weather.seed, 2))
    for index in range(_ROWS):
        size = _NEARER**index
        row = Row(
            base=view.horizon + view.focal * (0.042 * size - 0.05),
            tall=view.focal * 0.036 * size,
            lost=float(np.exp(-size * weather.visibility / 420)),
        )
        tops = _tree_tops(canvas.shape[1], row, weather.season, generator)
        cover, depth = _cover(tops, canvas.shape[0], row)
        trees = _foliage(depth, row, weather, generator)
        # Mist lies between the rows: it thickens downwards.
        low = smoothstep(0.2, 1.5, depth) * np.float32(0.75 * row.lost**0.35)
        canvas = mix(canvas, mix(trees, haze[None], row.lost + (1 - row.lost) * low), cover)
    return canvas


def _tree_tops(width: int, row: Row, season: float, generator: np.random.Generator) -> Array:
    """Outline a row of trees: the canvas row of the highest twig in each column, (width,)."""
    spacing = row.tall * 0.30
    count = int(width / spacing) + 6
    middles = (np.arange(count) - 3 + generator.uniform(-0.45, 0.45, count)) * spacing
    heights = row.tall * generator.uniform(0.55, 1.15, count)
    breadths = heights * generator.uniform(0.20, 0.30, count)
    offset = np.abs(np.arange(width)[:, None] - middles) / breadths  # (width, trees)
    pointed = 1 - offset + 0.26 * np.abs((offset * 6 + generator.random(count)) % 1 - 0.5)
    rounded = np.sqrt(np.clip(1 - offset**2, 0, 1)) * 0.72
    # Broad crowns are in the majority where the year is in autumn, for the sake of their colours.
    broad = generator.random(count) < np.clip(1 - abs(season - 0.65) * 2.6, 0, 1)
    crowns = np.maximum((np.where(broad, rounded, pointed) * heights).max(axis=1), 0)
    along = np.arange(width, dtype=np.float32)
    across = np.full(width, generator.random(), np.float32)
    hills = sample(texture(3, 2.0), along / width * 0.35 + across, across)
    twigs = sample(texture(5, 0.9), along / np.float32(row.tall * 6 + 20), across)
    tops: Array = (row.base - crowns - (hills * 0.35 + twigs * 0.02) * row.tall).astype(np.float32)
    return tops


def _cover(tops: Array, height: int, row: Row) -> tuple[Array, Array]:
    """Return which pixels a row covers, as a share, and how deep under its tops each lies.

    Depths are in heights of a tree; both are (height, width).
    """
    below = np.arange(height, dtype=np.float32)[:, None] - tops
    return np.clip(below + 0.5, 0, 1), below / np.float32(row.tall)


def _foliage(depth: Array, row: Row, weather: Weather, generator: np.random.Generator) -> Array:
    """Colour the leaves, (height, width, 3): bright tips, dark stems, no two trees of one green."""
    across = np.indices(depth.shape, dtype=np.float32)
    rows, columns = across[0], across[1]
    scale = 1 / (row.tall * 2.2 + 30)
    start = float(generator.random())
    leaves = sample(texture(5, 0.9), columns * scale + start, rows * scale * 0.7)
    hue = sample(texture(3, 2.0), columns * scale * 0.4 + start, rows * scale * 0.1)
    shade = (np.exp(-np.maximum(depth, 0) / 0.45) * 0.75 + 0.25) * (1 + 0.45 * leaves)
    tint = 1 + 0.18 * hue[..., None] * np.array([1.0, 0.2, -0.4], np.float32)
    leaf = by_season(weather.season, rgb(62, 96, 44), rgb(46, 80, 40), rgb(176, 96, 34), rgb(122, 132, 142))
    light = ambient(weather.light) * np.float32(1.1) + weather.light.direct * np.float32(0.45)
    foliage: Array = tint * np.maximum(shade, 0.05)[..., None] * (leaf * light)
    return foliage.astype(np.float32)
