"""What the paths of the files say about an order: who stood where before, and folders as labels.

A collection in which every class has a folder of its own tells which images belong together. No stage
before this one has seen it, so it may judge the order.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int32]

FILES_PER_FOLDER = 5  # on average, at least: fewer say too little, and names like 2024-05-01 are no classes


class Filed(NamedTuple):
    """The files of an order.

    items : (m,) int32, the item of each file, in the order; several files may be one item
    labels : (m,) int32, the folder of each file; None where folders are no labels
    by_path : (m,) int64, the files sorted by path
    """

    items: Ints
    labels: Ints | None
    by_path: npt.NDArray[np.int64]


def filed(order: pa.Table) -> Filed:
    """Read items, folders and names from the table `order.parquet`."""
    by_path = pc.sort_indices(order, sort_keys=[("path_bytes", "ascending")]).to_numpy()
    items = order["item"].to_numpy().astype(np.int32)
    return Filed(items, folder_labels(order["path_bytes"].to_pylist()), by_path.astype(np.int64))


def folder_labels(paths: Sequence[bytes]) -> Ints | None:
    """Return the number of each file's folder: (m,) int32.

    None unless there are two folders and more, with `FILES_PER_FOLDER` files each on average.
    """
    numbers: dict[bytes, int] = {}
    labels = [numbers.setdefault(path.rpartition(b"/")[0], len(numbers)) for path in paths]
    if len(numbers) < 2 or len(labels) < FILES_PER_FOLDER * len(numbers):
        return None
    return np.array(labels, np.int32)


def input_order(files: Filed, n: int) -> Ints:
    """Return the items by their first path: (n,) int32, any without a file at the end."""
    first = np.full(n, len(files.items))
    np.minimum.at(first, files.items[files.by_path], np.arange(len(files.items)))
    return np.argsort(first, kind="stable").astype(np.int32)


def labels_along(files: Filed, order: Ints) -> Ints | None:
    """Return the labels of the files in another order of the items, the files of each kept together."""
    if files.labels is None:
        return None
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    along: Ints = files.labels[np.argsort(rank[files.items], kind="stable")]
    return along


def label_share(labels: Ints | None) -> float | None:
    """Return the share of neighbours with equal labels; None without labels.

    labels : (m,) int32, in some order
    """
    if labels is None or len(labels) < 2:
        return None
    return float((labels[1:] == labels[:-1]).mean())


def label_chance(labels: Ints | None) -> float | None:
    """Return the share of neighbours with equal labels that a random order is expected to have."""
    if labels is None or len(labels) < 2:
        return None
    counts, m = np.bincount(labels).astype(np.float64), len(labels)
    return float((counts * (counts - 1)).sum() / (m * (m - 1)))


def link_places(items: Ints, item: int, following: int) -> tuple[int, int] | None:
    """Return the places of two files that stand at a link between two items, the earlier one first.

    None where one of the items has no file.

    items : (m,) int32, the item of each file, in the order
    """
    one, other = np.flatnonzero(items == item), np.flatnonzero(items == following)
    if not len(one) or not len(other):
        return None
    places = (one[-1], other[0]) if one[-1] < other[0] else (other[-1], one[0])
    return int(places[0]), int(places[1])
