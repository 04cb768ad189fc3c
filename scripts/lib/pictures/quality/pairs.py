"""The worst links as pairs of images, side by side as they stand in the order."""

import os
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import NamedTuple

import pyarrow as pa
from PIL import Image, ImageOps

from scripts.lib.files.folders import link_places
from scripts.lib.images.decode import decode
from scripts.lib.images.failures import Undecodable
from scripts.lib.ordering.measure.quality import Link, WorstLink
from scripts.lib.ordering.vectors import Ints
from scripts.lib.pictures.page import (
    DPI,
    FAINT,
    MARGIN,
    SOFT,
    WIDTH,
    Page,
    leading,
    number,
    printable,
)

COLUMNS = 5
GUTTER = 0.16  # inches between pairs
SEAM = 0.01  # and between the two images of a pair
LABEL = 0.3
SIDE = round(((WIDTH - 2 * MARGIN + GUTTER) / COLUMNS - GUTTER - SEAM) / 2 * DPI)  # pixels
PIXEL_LIMIT = 500_000_000
NAME_WIDTH, NAME_LINES = 12, 4  # characters


class Pair(NamedTuple):
    """A link, and the two files to open."""

    link: WorstLink
    first: bytes
    second: bytes


def named_pairs(order: pa.Table, path: Ints, links: Iterable[Link]) -> tuple[Pair, ...]:
    """Name the files at some links of a path, where there are files.

    order : the table `order.parquet`
    path : (n,) int32, items
    """
    items, pairs = order["item"].to_numpy(), []
    for link in links:
        rows = link_places(items, int(path[link.position]), int(path[link.position + 1]))
        if rows:
            names, files = ([order[name][row].as_py() for row in rows] for name in ("path", "path_bytes"))
            pairs.append(Pair(WorstLink(rows[0], link.distance, *names), *files))
    return tuple(pairs)


def rows_of(pairs: Sequence[Pair]) -> int:
    """Return how many rows the pairs take."""
    return -(-len(pairs) // COLUMNS)


def row_height() -> float:
    """Return the height of a row in inches."""
    return SIDE / DPI + LABEL


def draw_pairs(page: Page, top: float, pairs: Sequence[Pair]) -> None:
    """Draw pairs in reading order, each with its place in the order and its length."""
    side = SIDE / DPI
    for index, pair in enumerate(pairs):
        row, column = divmod(index, COLUMNS)
        left = MARGIN + column * (2 * side + SEAM + GUTTER)
        upper = top + row * row_height()
        draw_tile(page, left, upper, pair.first, pair.link.path)
        draw_tile(page, left + side + SEAM, upper, pair.second, pair.link.next_path)
        page.write(left, upper + side + 0.13, f"{pair.link.position:,}", color=SOFT)
        page.write(left + 2 * side + SEAM, upper + side + 0.13, number(pair.link.distance), ha="right")


def draw_tile(page: Page, left: float, top: float, file: bytes, name: str, side: int = SIDE) -> None:
    """Draw an image as a square of `side` pixels, a neutral one with the file's name where there is none."""
    picture = thumbnail(file, side)
    page.paste(left, top, picture or Image.new("RGB", (side, side), FAINT))
    if picture is None:
        lines, middle = short_name(name), side / DPI / 2
        baseline = top + middle - (len(lines) / 2 - 0.75) * leading("tile")
        page.write(left + middle, baseline, "\n".join(lines), "tile", ha="center", color=SOFT)


def thumbnail(file: bytes, side: int) -> Image.Image | None:
    """Decode an image as a centre-cropped square, None where it can't be."""
    try:
        image = decode(os.fsdecode(file), target=side, pixel_limit=PIXEL_LIMIT)
        return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)
    except (Undecodable, OSError, ValueError, MemoryError):  # a null byte in a path is a ValueError
        return None


def short_name(path: str) -> list[str]:
    """Return the end of a path in a few short lines, its middle left out where it is too long."""
    name = printable(os.path.basename(path.rstrip("/")) or path).replace("\n", " ")
    room = NAME_WIDTH * NAME_LINES
    if len(name) > room:
        name = f"{name[: room // 2 - 1]}…{name[-(room // 2) :]}"
    return wrap(name, NAME_WIDTH, break_on_hyphens=False)[:NAME_LINES]
