"""The map of a collection: images where their vectors lie, and points for those that are not shown."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from scripts.lib.pictures.map_grid import Grid, Tiles, all_fit, choose_tiles, framed, grid_for
from scripts.lib.pictures.quality.pairs import thumbnail
from scripts.lib.projection.sample import Places

MARGIN, FOOT = 48, 72  # pixels around the map, and below it
FONT_SIZE = 24
PAGE, INK = (22, 22, 25), (170, 170, 174)
POINT = (138, 158, 190)
FAINTEST = 0.35  # of a point's colour, where one image lies alone
WIDE_POINTS = ((5_000, 7), (50_000, 5), (300_000, 3))  # images up to which points are so wide


class Plan(NamedTuple):
    """What is drawn.

    places : (n, 2) float32, on the map, within [-1, 1]
    """

    places: Places
    grid: Grid
    tiles: Tiles


def plan_map(places: Places) -> Plan:
    """Choose the images that are shown.

    places : (n, 2) float32, in any range
    """
    shown = framed(places)
    grid = grid_for(shown)
    return Plan(shown, grid, choose_tiles(shown, grid))


def draw_map(
    plan: Plan,
    file_of: Callable[[int], bytes],
    title: str,
    threads: int = 1,
    progress: Callable[[int], object] = lambda images: None,
) -> Image.Image:
    """Draw the map; images that can't be read are left out.

    file_of : tells the path of an item's file, empty where there is none
    progress : called with the number of images newly done
    """
    width, height = plan.grid.size
    page = Image.new("RGB", (width + 2 * MARGIN, height + MARGIN + FOOT), PAGE)
    if not all_fit(len(plan.places), plan.grid):
        page.paste(draw_points(plan.places, plan.grid), (MARGIN, MARGIN))
    sizes = plan.tiles.sides.tolist()
    wanted = [file_of(item) for item in plan.tiles.items.tolist()]
    with ThreadPoolExecutor(threads) as pool:
        pictures = pool.map(thumbnail, wanted, sizes)
        for picture, (left, top) in zip(pictures, plan.tiles.corners.tolist(), strict=True):
            if picture:
                page.paste(picture, (MARGIN + left, MARGIN + top))
            progress(1)
    _write_foot(page, title, caption(len(plan.places), len(wanted)))
    return page


def draw_points(places: Places, grid: Grid) -> Image.Image:
    """Draw every image as a point, the brighter the more lie there."""
    width, height = grid.size
    columns, rows = np.floor(grid.pixels(places)).astype(np.int64).T
    counts = np.bincount(rows * width + columns, minlength=width * height)
    bright = np.log1p(counts) / np.log1p(max(float(np.percentile(counts[counts > 0], 99)), 2.0))
    light = np.where(counts > 0, FAINTEST + (1 - FAINTEST) * np.minimum(bright, 1), 0)
    mask = Image.fromarray(np.round(255 * light).astype(np.uint8).reshape(height, width))
    for most, side in WIDE_POINTS:
        if len(places) <= most:
            mask = mask.filter(ImageFilter.MaxFilter(side))
            break
    return Image.composite(Image.new("RGB", grid.size, POINT), Image.new("RGB", grid.size, PAGE), mask)


def caption(n: int, shown: int) -> str:
    """Say how many images there are, copies counted once, and what those stand for that are seen."""
    if shown == n:
        return f"{n:,} different images" if n != 1 else "1 image"
    return f"{shown:,} of {n:,} different images, each for those around it: the larger, the more"


def _write_foot(page: Image.Image, title: str, text: str) -> None:
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(FONT_SIZE)
    line = page.height - FOOT // 2
    draw.text((MARGIN, line), text, INK, font, anchor="lm")
    draw.text((page.width - MARGIN, line), title, INK, font, anchor="rm")
