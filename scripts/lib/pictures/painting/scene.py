"""A scene: the few numbers that say what a landscape looks like, and the painting of it.

Each number can change smoothly, and the picture changes smoothly with it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from scripts.lib.pictures.painting.air import Weather
from scripts.lib.pictures.painting.city import paint_city
from scripts.lib.pictures.painting.countries import COUNTRIES
from scripts.lib.pictures.painting.forest import paint_forest
from scripts.lib.pictures.painting.noise import Array
from scripts.lib.pictures.painting.sky import View, light_at, paint_sky
from scripts.lib.pictures.painting.terrain import paint_land

PLACES = (*sorted(COUNTRIES), "city", "forest")
_DETAIL = 1.25  # painted larger, then scaled down: edges without stairs


@dataclass(frozen=True)
class Scene:
    """What to paint; the shares run from 0 to 1."""

    place: str
    hour: float  # dawn, noon at 0.38, dusk at 0.74, night
    season: float  # spring, summer, autumn, winter
    cloud: float
    fog: float
    sun: float  # -0.6 at the left edge to 0.6 at the right
    horizon: float  # from the top
    seed: int  # which piece of country, which clouds


def paint(scene: Scene, size: tuple[int, int]) -> Image.Image:
    """Paint a scene as an RGB image of (width, height) pixels, always the same."""
    large = (round(size[0] * _DETAIL), round(size[1] * _DETAIL))
    view = _view(large, scene.horizon)
    light = light_at(scene.hour, scene.sun)
    weather = Weather(light, 520 * (1 - scene.fog) ** 2.5 + 10, scene.season, scene.seed)
    canvas = paint_sky(view, light, scene.cloud, scene.seed)
    if scene.place == "forest":
        canvas = paint_forest(canvas, view, weather)
    elif scene.place == "city":
        canvas = paint_city(canvas, view, weather)
    else:
        canvas = paint_land(canvas, view, COUNTRIES[scene.place], weather)
    picture = Image.fromarray(_develop(canvas, view, scene.seed))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _view(size: tuple[int, int], horizon: float) -> View:
    """Place a camera with the horizon at a share of the picture's height."""
    width, height = size
    focal = 0.95 * max(width, height)
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)[None, :]
    row = horizon * height
    right = (columns - width / 2) / focal + 0 * rows
    up = (row - rows) / focal + 0 * columns
    return View(right.astype(np.float32), up.astype(np.float32), focal, row)


def _develop(canvas: Array, view: View, seed: int) -> npt.NDArray[np.uint8]:
    """Turn linear light into 8-bit pixels as a film does: soft highlights, dim corners, grain."""
    corners = 1 - 0.30 * (view.right**2 + view.up**2 * 1.3)
    exposed = np.maximum(canvas * corners[..., None] * np.float32(1.25), 0)
    toned = np.sqrt(exposed * (1 + exposed * 0.12) / (1 + exposed * 0.62))
    grain = np.random.default_rng((seed, 4)).standard_normal(view.up.shape, dtype=np.float32)
    toned = toned + (grain * 0.014)[..., None]
    pixels: npt.NDArray[np.uint8] = (np.clip(toned, 0, 1) * 255 + 0.5).astype(np.uint8)
    return pixels
