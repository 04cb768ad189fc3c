"""The sky and the light it gives: colours keyed to the time of day, sun, moon, stars and clouds.

Seven hours have their colours; those in between are interpolated.
"""

from typing import NamedTuple

import numpy as np

from scripts.lib.pictures.painting.colour import between, mix, rgb
from scripts.lib.pictures.painting.noise import Array, sample, smoothstep, texture

# (hour, (zenith, middle, horizon, direct light), strength of the direct light)
_HOURS = (
    (0.00, ((84, 116, 172), (168, 166, 190), (252, 196, 160), (255, 184, 146)), 0.8),
    (0.15, ((74, 128, 196), (150, 188, 220), (240, 224, 200), (255, 226, 190)), 1.2),
    (0.38, ((36, 96, 184), (98, 158, 220), (190, 214, 232), (255, 246, 230)), 1.7),
    (0.58, ((66, 112, 184), (160, 176, 190), (248, 214, 158), (255, 214, 150)), 1.4),
    (0.74, ((58, 78, 136), (150, 112, 136), (252, 154, 84), (255, 146, 76)), 0.9),
    (0.86, ((20, 36, 84), (54, 74, 130), (164, 118, 118), (130, 130, 190)), 0.22),
    (1.00, ((9, 15, 40), (20, 34, 68), (44, 66, 104), (150, 176, 226)), 0.34),
)

# hours, and how high the sun, and from the fourth on the moon, stands
_ELEVATION = ((0, 0.38, 0.76, 0.80, 1), (0.07, 0.95, 0.05, 0.12, 0.32))


class Light(NamedTuple):
    """The light at one hour; colours (3,) linear, the direction to the sun or moon of length 1."""

    zenith: Array
    middle: Array
    horizon: Array
    direct: Array
    direction: Array  # to the right, up, away from the viewer
    night: float


class View(NamedTuple):
    """Where each pixel looks, (height, width): rightwards and up, as tangents of the angle."""

    right: Array
    up: Array
    focal: float  # pixels
    horizon: float  # row


def light_at(hour: float, sun: float) -> Light:
    """Return the light of an hour in [0, 1]: dawn, noon, dusk, night; `sun` as in `Scene`."""
    hours = tuple(key[0] for key in _HOURS)
    zenith, middle, horizon, direct = (
        between(hour, hours, np.stack([rgb(*key[1][part]) for key in _HOURS])) for part in range(4)
    )
    strength = np.float32(np.interp(hour, hours, [key[2] for key in _HOURS]))
    up = float(np.interp(hour, *_ELEVATION))
    towards = np.array([sun, up, 0.9], dtype=np.float32)
    night = float(np.interp(hour, (0.78, 0.95), (0, 1)))
    return Light(zenith, middle, horizon, direct * strength, towards / np.linalg.norm(towards), night)


def paint_sky(view: View, light: Light, cloud: float, seed: int) -> Array:
    """Paint the whole canvas as sky, (height, width, 3) linear."""
    up = np.maximum(view.up, 0)
    sky = mix(light.horizon, light.middle, 1 - np.exp(-up / np.float32(0.10)))
    sky = mix(sky, light.zenith, smoothstep(0.06, 0.75, up))
    sky += _glow(view, light)
    if light.night > 0:
        sky += _stars(view, seed) * np.float32(light.night * (1 - 0.7 * cloud))
    return _add_clouds(sky, view, light, cloud, seed)


def _glow(view: View, light: Light) -> Array:
    """The disc of the sun or moon and the brightness around it."""
    x, up, away = light.direction
    distance = np.hypot(view.right - x / away, view.up - up / away)
    day = 1 - light.night  # between the two the moon is not yet up
    disc = smoothstep(0.020, 0.014, distance) * np.float32(5 * day + 2.5 * light.night)
    near = np.exp(-distance / 0.05) * np.float32(0.8 * day + 0.12 * light.night)
    wide = np.exp(-distance / 0.30) * np.float32(0.40 * day + 0.07 * light.night)
    glow: Array = (disc + near + wide)[..., None] * light.direct
    return glow


def _stars(view: View, seed: int) -> Array:
    """Sparse points and a faint band, brighter away from the horizon's haze."""
    generator = np.random.default_rng((seed, 1))
    points = generator.random(view.up.shape, dtype=np.float32)
    bright = np.where(points > 0.9982, (points - 0.9982) / 0.0018, 0) ** 2 * 0.9
    across = view.right * 0.8 - view.up + 0.25
    clumps = 1 + 0.5 * sample(texture(2, 1.6), view.right * 0.3, view.up * 0.3)
    band = np.exp(-(across**2) / 0.03) * clumps * 0.03
    brightness = (bright + band) * smoothstep(0.02, 0.4, view.up)
    stars: Array = brightness[..., None] * np.array([0.9, 0.95, 1.1], dtype=np.float32)
    return stars


def _add_clouds(sky: Array, view: View, light: Light, cloud: float, seed: int) -> Array:
    """Lay a flat layer of clouds over the sky, seen in perspective and lit from the sun's side."""
    tile = texture(1, 1.55)
    depth = 1 / (np.maximum(view.up, 0) + np.float32(0.10))
    x, y = view.right * depth * 0.055 + seed * 0.37, depth * 0.075 + seed * 0.23
    density = sample(tile, x, y) + 0.35 * sample(tile, x * 4, y * 4)
    towards = sample(tile, x + light.direction[0] * 0.012, y + 0.010)
    cover = smoothstep(1.3 - 2.2 * cloud, 2.6 - 2.2 * cloud, density)
    cover *= smoothstep(0.0, 0.10, view.up) * np.float32(0.95)
    lit = np.clip(0.55 + 0.8 * (density - towards - 0.2) - 0.35 * (density - 0.8), 0, 1)
    shaded = (light.middle + light.zenith) * np.float32(0.42)
    bright = light.direct * np.float32(0.62) + light.horizon * np.float32(0.35)
    return mix(sky, mix(shaded, bright, lit), cover)
