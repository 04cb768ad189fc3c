"""Contact sheets: an order of images on one page, to be judged by eye.

Images are decoded one at a time, at a reduced size, straight into the page, so memory does not grow
with their number. Where there are more than a page is good for, evenly spaced ones stand for all.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, ImageOps

from scripts.lib.errors import InputError
from scripts.lib.files.found import Found
from scripts.lib.files.walk import Tree, walk
from scripts.lib.images.decode import decode
from scripts.lib.images.failures import Undecodable

Signature = npt.NDArray[np.float32]

_PAGE, _INK, _HATCH, _LINK = (38, 38, 40), (214, 214, 210), (120, 60, 60), (236, 120, 60)
_PIXEL_LIMIT = 500_000_000
_SIGNATURE = 6  # cells a side
_WIDEST_TITLE = 1200  # pixels that a title may widen a page to
_PAIRS = 4096  # random pairs that a random order's step is measured on


@dataclass(frozen=True)
class Layout:
    """How a sheet is laid out; lengths in pixels."""

    columns: int = 0  # 0: half as many again as rows
    tile: int = 96
    gap: int = 4
    limit: int = 2000  # images on a sheet
    numbers: bool = False  # each tile's position in the order
    boustrophedon: bool = False  # every second row from right to left: no jump at the ends
    links: bool = False  # a bar behind each tile, the taller the less it resembles the next


def images_below(folder: Path) -> list[Path]:
    """List the images of a folder and its sub-folders in the order of their paths' bytes."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder and no file; name one that holds images")
    found = (each.path for each in walk(Tree((bytes(folder),))) if isinstance(each, Found))
    paths = [Path(os.fsdecode(path)) for path in sorted(found)]
    if not paths:
        raise InputError(f"{folder} holds no images; name a folder that does")
    return paths


def contact_sheet(paths: Sequence[Path], layout: Layout | None = None, title: str = "") -> Image.Image:
    """Lay images out in reading order as centre-cropped squares; unreadable ones are hatched."""
    layout = layout or Layout()
    shown = evenly_spaced(len(paths), layout.limit)
    layout = replace(layout, columns=layout.columns or max(1, ceil(sqrt(1.5 * len(shown)))))
    tiles_high = ceil(len(shown) / layout.columns) * _pitch(layout)
    top = _line_height(layout) if title else 0
    width = max(_width(layout), _title_width(title, layout))
    page = Image.new("RGB", (width, tiles_high + layout.gap + top), _PAGE)
    if title:
        _write(page, (layout.gap, 0), title, layout)
    signatures = [
        _place_tile(page, paths[index], (index, place, top), layout) for place, index in enumerate(shown)
    ]
    notes = []
    if layout.links:
        notes.append(_draw_links(page, signatures, top, layout))
    if len(shown) < len(paths):
        notes.append(f"{len(shown):,} of {len(paths):,} images, evenly spaced")
    return _with_caption(page, " · ".join(notes), layout)


def before_and_after(
    before: Sequence[Path], after: Sequence[Path], layout: Layout | None = None
) -> Image.Image:
    """Set a sheet of the unsorted images above one of the sorted."""
    layout = layout or Layout(columns=15, tile=89)
    upper = contact_sheet(before, layout, "Before: in the order of their names")
    lower = contact_sheet(after, layout, "After: in visual order")
    page = Image.new("RGB", (max(upper.width, lower.width), upper.height + lower.height), _PAGE)
    page.paste(upper, (0, 0))
    page.paste(lower, (0, upper.height))
    return page


def evenly_spaced(count: int, limit: int) -> list[int]:
    """Choose at most `limit` of `count` positions, the first and the last among them."""
    if count <= limit:
        return list(range(count))
    return [round(i * (count - 1) / max(limit - 1, 1)) for i in range(limit)]


def _place_tile(page: Image.Image, path: Path, at: tuple[int, int, int], layout: Layout) -> Signature:
    """Put one image at its place, and describe it roughly for the links."""
    index, place, top = at
    corner = _corner(place, top, layout)
    tile = _tile(path, layout.tile)
    page.paste(tile, corner)
    if layout.numbers:
        ImageDraw.Draw(page).text(
            (corner[0] + 3, corner[1] + 1),
            str(index),
            _INK,
            _font(layout),
            stroke_width=2,
            stroke_fill=_PAGE,
        )
    return _signature(tile)


def _tile(path: Path, side: int) -> Image.Image:
    """Decode an image as a square, or hatch one."""
    try:
        image = decode(path, target=side, pixel_limit=_PIXEL_LIMIT)
    except (Undecodable, OSError):
        return _hatched(side)
    return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)


def _hatched(side: int) -> Image.Image:
    tile = Image.new("RGB", (side, side), _PAGE)
    draw = ImageDraw.Draw(tile)
    for start in range(-side, side, max(4, side // 8)):
        draw.line((start, side, start + side, 0), _HATCH, 2)
    return tile


def _signature(tile: Image.Image) -> Signature:
    """Describe a tile by the mean colours of a coarse grid, (108,) float32."""
    small = tile.resize((_SIGNATURE, _SIGNATURE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel()


def _draw_links(page: Image.Image, signatures: Sequence[Signature], top: int, layout: Layout) -> str:
    """Mark each step between neighbours by its length in colour; return their mean in words."""
    if len(signatures) < 2:
        return "a single image has no neighbours"
    steps = step_lengths(np.stack(signatures))
    draw = ImageDraw.Draw(page)
    for place, step in enumerate(steps.tolist()):
        left, upper = _corner(place, top, layout)
        height = round(layout.tile * min(step / 2, 1))
        bottom = upper + layout.tile
        x = left - layout.gap if _leftwards(place, layout) else left + layout.tile
        if height and layout.gap:
            draw.rectangle((x, bottom - height, x + layout.gap - 1, bottom - 1), _LINK)
    return f"mean step between neighbours {steps.mean():.2f} of a random order's"


def step_lengths(signatures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Measure the steps of an order, (n - 1,), in units of the mean step of a random order.

    signatures : (n, d) float32, n > 1
    """
    first, second = np.random.default_rng(0).integers(0, len(signatures), (2, _PAIRS))
    apart = first != second
    pairs = np.linalg.norm(signatures[first[apart]] - signatures[second[apart]], axis=1)
    steps: Signature = np.linalg.norm(np.diff(signatures, axis=0), axis=1)
    return steps / max(float(pairs.mean()), 1e-6)


def _leftwards(place: int, layout: Layout) -> bool:
    return layout.boustrophedon and place // layout.columns % 2 == 1


def _corner(place: int, top: int, layout: Layout) -> tuple[int, int]:
    """Return the left and upper edge of a place on the page."""
    row, column = divmod(place, layout.columns)
    if _leftwards(place, layout):
        column = layout.columns - 1 - column
    return layout.gap + column * _pitch(layout), layout.gap + top + row * _pitch(layout)


def _pitch(layout: Layout) -> int:
    return layout.tile + layout.gap


def _width(layout: Layout) -> int:
    return layout.columns * _pitch(layout) + layout.gap


def _title_width(title: str, layout: Layout) -> int:
    """Return how wide a page has to be for its title, within reason."""
    text = _font(layout).getlength(title) if title else 0
    return min(ceil(text) + 2 * (layout.gap + 2), _WIDEST_TITLE)


def _font_size(layout: Layout) -> int:
    return max(10, min(18, layout.tile // 6))


def _font(layout: Layout) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_font_size(layout))


def _line_height(layout: Layout) -> int:
    return _font_size(layout) * 2


def _write(page: Image.Image, corner: tuple[int, int], text: str, layout: Layout) -> None:
    """Write one line, centred in its height."""
    x, y = corner
    middle = (x + 2, y + _line_height(layout) // 2 + layout.gap // 2)
    ImageDraw.Draw(page).text(middle, text, _INK, _font(layout), anchor="lm")


def _with_caption(page: Image.Image, caption: str, layout: Layout) -> Image.Image:
    if not caption:
        return page
    taller = Image.new("RGB", (page.width, page.height + _line_height(layout)), _PAGE)
    taller.paste(page, (0, 0))
    _write(taller, (layout.gap, page.height - layout.gap), caption, layout)
    return taller
