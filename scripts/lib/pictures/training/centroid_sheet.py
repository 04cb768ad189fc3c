"""Clusters by a trained network, to be compared: the image nearest to each centroid, beside the centroid."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scripts.lib.pictures.category_sheet import short_title
from scripts.lib.pictures.contact_sheet import evenly_spaced
from scripts.lib.pictures.page import DPI, MARGIN, SOFT, WIDTH, Page, typography
from scripts.lib.pictures.quality.pairs import draw_tile
from scripts.lib.words import counted

COLUMNS = 5
MOST = 200  # clusters on the sheet
GUTTER = 0.16  # inches between clusters
LABEL = 0.4  # below each
TOP = 0.8
PITCH = (WIDTH - 2 * MARGIN + GUTTER) / COLUMNS
SIDE = (PITCH - GUTTER) / 2
NAME_LENGTH = 26


def draw_centroids(clusters: Sequence[Mapping[str, Any]], centroids: np.ndarray, target: Path) -> None:
    """Write the sheet, a PNG 1,600 pixels wide: the medoid of each cluster, and its centroid to the right.

    clusters : rows of the table of clusters
    centroids : (c, side, side, 3) uint8, theirs
    """
    shown = evenly_spaced(len(clusters), MOST)
    with typography():
        page = Page(TOP + -(-len(shown) // COLUMNS) * (SIDE + LABEL) + 0.1)
        page.write(MARGIN, 0.52, "What clusters have in common", "title", fontweight="bold")
        note = f"{len(shown)} of {len(clusters):,} clusters; " if len(shown) < len(clusters) else ""
        said = f"{note}an image of each, and its decoded centroid" if len(shown) else "no clusters"
        page.write(WIDTH - MARGIN, 0.52, said, "heading", color=SOFT, ha="right")
        for place, number in enumerate(shown):
            row, column = divmod(place, COLUMNS)
            top, left = TOP + row * (SIDE + LABEL), MARGIN + column * PITCH
            _draw_cluster(page, left, top, clusters[number], centroids[number])
        page.save(target)


def _draw_cluster(
    page: Page, left: float, top: float, cluster: Mapping[str, Any], centroid: np.ndarray
) -> None:
    draw_tile(page, left, top, cluster["medoid_bytes"], cluster["medoid"], pixels())
    tile = Image.fromarray(centroid).resize((pixels(), pixels()), Image.Resampling.BICUBIC)
    page.paste((round(left * DPI) + pixels()) / DPI, top, tile)
    page.write(left, top + SIDE + 0.12, short_title(cluster["name"], NAME_LENGTH), "small")
    page.write(left, top + SIDE + 0.24, counted(cluster["files"], "image"), "small", color=SOFT)


def pixels() -> int:
    """Return the side of a tile."""
    return round(SIDE * DPI)
