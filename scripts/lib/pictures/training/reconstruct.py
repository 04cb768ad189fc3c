"""Stage `reconstruct`: some images above what the network makes of them, to see what it sees."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from scripts.lib.pictures.page import DPI, MARGIN, SOFT, WIDTH, Page, typography

COLUMNS = 12
GAP = 0.05  # inches between columns
ROW_GAP = 0.12
HEAD = 0.35  # above each group


class Group(NamedTuple):
    """Images of one kind and their reconstructions, both (n, side, side, 3) uint8."""

    title: str
    originals: np.ndarray
    reconstructions: np.ndarray


def draw_reconstructions(groups: Sequence[Group], target: Path) -> None:
    """Write the sheet, a PNG 1,600 pixels wide: each image above its reconstruction."""
    side = _side()
    heights = [HEAD + _rows(group) * (2 * side + ROW_GAP) for group in groups]
    with typography():
        page = Page(0.75 + sum(heights) + 0.1)
        page.write(MARGIN, 0.52, "What the network sees", "title", fontweight="bold")
        page.write(
            WIDTH - MARGIN, 0.52, "images above their reconstructions", "heading", color=SOFT, ha="right"
        )
        top = 0.75
        for group, height in zip(groups, heights, strict=True):
            page.write(MARGIN, top + 0.22, group.title, "heading", fontweight="bold")
            _draw_group(page, top + HEAD, group)
            top += height
        page.save(target)


def _draw_group(page: Page, top: float, group: Group) -> None:
    side = _side()
    pixels = round(side * DPI)
    for place, pair in enumerate(zip(group.originals, group.reconstructions, strict=True)):
        row, column = divmod(place, COLUMNS)
        left = MARGIN + column * (side + GAP)
        for below, square in enumerate(pair):
            tile = Image.fromarray(square).resize((pixels, pixels), Image.Resampling.BICUBIC)
            page.paste(left, top + row * (2 * side + ROW_GAP) + below * side, tile)


def _rows(group: Group) -> int:
    return -(-len(group.originals) // COLUMNS)


def _side() -> float:
    """Return the side of a tile in inches."""
    return (WIDTH - 2 * MARGIN + GAP) / COLUMNS - GAP
