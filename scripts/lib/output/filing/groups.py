"""Which folder each file goes to: that of its cluster, its category or its label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.clustering.cluster_table import UNCLUSTERED
from scripts.lib.output.naming.folder_names import Folder, Part


def cluster_folders(items: np.ndarray, clusters: Path, table: Path) -> list[Folder]:
    """Return the folder of each file by its cluster, called as the table of clusters says.

    items : (f,) int32, the item of each file
    """
    numbers = pq.read_table(clusters, columns=["cluster"])["cluster"].to_numpy()[items]
    names = cluster_names(table)
    return [_folder(names.get(number, f"cluster {number}")) for number in numbers.tolist()]


def cluster_names(table: Path) -> dict[int, str]:
    """Return what each cluster is called; -1 is what belongs to none."""
    rows = pq.read_table(table, columns=["cluster", "name"])
    return {-1: UNCLUSTERED} | dict(zip(rows["cluster"].to_pylist(), rows["name"].to_pylist(), strict=True))


def category_folders(items: np.ndarray, categories: Path) -> list[Folder]:
    """Return the folder of each file by its category; a slash in its name makes folders below one another.

    items : (f,) int32, the item of each file
    """
    names = pq.read_table(categories, columns=["category"])["category"].to_pylist()
    return [_folder(*names[item].split("/")) for item in items.tolist()]


def label_folders(items: np.ndarray, labels: Sequence[str], depth: int) -> list[Folder]:
    """Return the folder of each file by its label: one for each of the first symbols, below one another.

    items : (f,) int32, the item of each file
    """
    return [_folder(*labels[item][:depth]) for item in items.tolist()]


def read_labels(labels: Path) -> list[str]:
    """Return the label of each item; one that is alone may have none, and gets a zero."""
    return [label or "0" for label in pq.read_table(labels, columns=["label"])["label"].to_pylist()]


def _folder(*names: str) -> Folder:
    return tuple(Part(name.encode("utf-8", "surrogateescape")) for name in names)
