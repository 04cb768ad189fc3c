"""Colours in linear light, where adding and dimming them is right.

They are named as they look on a screen and squared, which is near enough to the screen's own curve.
"""

import numpy as np

from scripts.lib.pictures.painting.noise import Array

_SEASONS = (0.0, 0.35, 0.7, 1.0)  # spring, summer, autumn, winter


def rgb(red: int, green: int, blue: int) -> Array:
    """Make a linear colour, (3,), from 8-bit screen values."""
    return (np.array([red, green, blue], dtype=np.float32) / 255) ** 2


def between(position: float, keys: tuple[float, ...], colours: Array) -> Array:
    """Interpolate between colours, (keys, 3), at a position among the keys, (3,)."""
    channels = [np.interp(position, keys, channel) for channel in colours.T]
    return np.array(channels, dtype=np.float32)


def by_season(season: float, *colours: Array) -> Array:
    """Interpolate between the colours of spring, summer, autumn and winter, (3,)."""
    return between(season, _SEASONS, np.stack(colours))


def mix(first: Array, second: Array, share: Array | float) -> Array:
    """Blend colours, (..., 3), by a share, (...), of the second."""
    part = np.asarray(share, dtype=np.float32)[..., None]
    blended: Array = first + (second - first) * part
    return blended
