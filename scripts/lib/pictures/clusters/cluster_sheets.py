"""Contact sheets of clusters: one for each, and one page with a strip of each."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from PIL import Image

from scripts.lib.ordering.vectors import Ints
from scripts.lib.pictures.contact_sheet import Layout, contact_sheet, evenly_spaced

Progress = Callable[[int], object]
Row = dict[str, Any]  # of the table of clusters

TILES, LEAST_TILES = 60, 6  # on a sheet
ALL_TILES = 20_000  # decoded for all sheets together
STRIPS, STRIP_TILES = 60, 12  # of the page of all clusters
QUALITY = 88
STRIP = Layout(columns=STRIP_TILES, tile=84, limit=STRIP_TILES)


@dataclass(frozen=True)
class ClusterImages:
    """What a sheet shows: the medoid, then the others along the path."""

    cluster: int
    title: str
    files: list[Path]


def images_of_clusters(order: pa.Table, numbers: Ints, table: pa.Table) -> list[ClusterImages]:
    """Choose the images of each sheet.

    order : the table `order.parquet`
    numbers : (n,) int32, the cluster of each item
    table : the table of clusters
    """
    tiles = int(np.clip(ALL_TILES // max(len(table), 1), LEAST_TILES, TILES))
    paths, found = order["path_bytes"], []
    for row, places in places_of_clusters(order, numbers, table.to_pylist(), tiles):
        files = [row["medoid_bytes"], *paths.take(pa.array(places[1:])).to_pylist()]
        found.append(ClusterImages(row["cluster"], _title(row), [Path(os.fsdecode(file)) for file in files]))
    return found


def places_of_clusters(
    order: pa.Table, numbers: Ints, rows: Sequence[Row], tiles: int
) -> Iterator[tuple[Row, npt.NDArray[np.int64]]]:
    """Yield of each cluster so many places in the order: that of its medoid, then others along the path.

    order : the table `order.parquet`
    numbers : (n,) int32, the cluster of each item
    rows : of the table of clusters
    """
    own = numbers[order["item"].to_numpy()]
    by_cluster = np.argsort(own, kind="stable")
    bounds = np.searchsorted(own[by_cluster], np.arange(numbers.max(initial=-1) + 2))
    for row in rows:
        places = by_cluster[bounds[row["cluster"]] : bounds[row["cluster"] + 1]]
        others = places[places != row["medoid_position"]]
        chosen = others[evenly_spaced(len(others), tiles - 1)]
        yield row, np.concatenate([[row["medoid_position"]], chosen]).astype(np.int64)


def _title(row: Row) -> str:
    images = "1 image" if row["files"] == 1 else f"{row['files']:,} images"
    return f"{row['name']} · {images} · tightness {row['tightness']:.2f}"


def sheet_name(cluster: int, count: int) -> str:
    """Return the file name of a cluster's sheet."""
    return f"{cluster:0{len(str(max(count - 1, 0)))}d}.jpg"


def draw_sheets(
    clusters: Sequence[ClusterImages], folder: Path, page: Path, threads: int, progress: Progress
) -> None:
    """Draw a sheet for each cluster into a folder, and the page that shows a strip of each."""
    count = max((each.cluster for each in clusters), default=-1) + 1

    def draw(each: ClusterImages) -> None:
        sheet = contact_sheet(each.files, Layout(), each.title)
        sheet.save(folder / sheet_name(each.cluster, count), quality=QUALITY)
        progress(1)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(draw, clusters))
    draw_overview([clusters[place] for place in evenly_spaced(len(clusters), STRIPS)], len(clusters), page)


def draw_overview(shown: Sequence[ClusterImages], count: int, page: Path) -> None:
    """Draw a strip of each cluster, one below the other."""
    titles = [each.title for each in shown] or ["no clusters"]
    if len(shown) < count:
        titles[0] += f" · {len(shown)} of {count:,} clusters are shown"
    files = [[each.files[i] for i in evenly_spaced(len(each.files), STRIP_TILES)] for each in shown] or [[]]
    strips = [contact_sheet(each, STRIP, title) for each, title in zip(files, titles, strict=True)]
    width, height = max(strip.width for strip in strips), sum(strip.height for strip in strips)
    picture = Image.new("RGB", (width, height), strips[0].getpixel((0, 0)))
    top = 0
    for strip in strips:
        picture.paste(strip, (0, top))
        top += strip.height
    picture.save(page, "JPEG", quality=QUALITY)
