"""Clusters and categories: their names, their sizes, and a strip of images of each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from scripts.lib.artifacts.record import Record
from scripts.lib.categories.category_groups import Categorized, category_groups
from scripts.lib.categories.taxonomy import read_categories
from scripts.lib.files.first_files import FirstFiles
from scripts.lib.ordering.vectors import Ints
from scripts.lib.pictures.clusters.cluster_sheets import places_of_clusters
from scripts.lib.report.album import Shot
from scripts.lib.report.ordered import Ordered

SHOWN, CLUSTER_TILES = 20, 8  # groups with a strip, and images in one
CATEGORY_TILES = 6
NAMED = 300  # groups that are named at all
METHODS = {
    "kmeans": "k-means",
    "ward": "a tree by Ward",
    "average": "a tree by average linkage",
    "single": "cutting the spanning tree",
    "hdbscan": "HDBSCAN",
    "pca": "principal components",
    "tsne": "t-SNE",
    "umap": "UMAP",
    "isomap": "Isomap",
    "lle": "LLE",
    "mds": "MDS",
}


class Group(NamedTuple):
    """A cluster or a category; of small ones there is no strip."""

    name: str
    files: int
    note: str
    shots: Sequence[Shot] = ()


class Groups(NamedTuple):
    """All that is said of them: `shown` with a strip, `others` by name, and how many there are in all."""

    shown: list[Group]
    others: list[Group]
    total: int
    note: str = ""


def clusters_of(ordered: Ordered, numbers: Ints, table: pa.Table, record: Record) -> Groups:
    """Choose what is shown of the clusters: the largest, along the path.

    numbers : (n,) int32, the cluster of each item
    table : `cluster_table.parquet`
    record : of `clusters.parquet`
    """
    rows = sorted(table.to_pylist(), key=lambda row: -row["files"])
    largest = {row["cluster"] for row in rows[:SHOWN]}
    shown = [
        Group(
            row["name"],
            row["files"],
            f"tightness {row['tightness']:.2f}",
            ordered.shots([int(place) for place in places], "tile"),
        )
        for row, places in places_of_clusters(
            ordered.order,
            numbers,
            [each for each in table.to_pylist() if each["cluster"] in largest],
            CLUSTER_TILES,
        )
    ]
    others = [Group(row["name"], row["files"], "") for row in rows[SHOWN : SHOWN + NAMED]]
    return Groups(shown, others, len(rows), _on_clusters(record, int((numbers < 0).sum())))


def _on_clusters(record: Record, outside: int) -> str:
    method = METHODS.get(record.settings["method"], "")
    return f"by {method}" + (f"; {outside:,} images are in no cluster" if outside else "")


def categories_of(ordered: Ordered, table: pa.Table, record: Record) -> Groups:
    """Choose what is shown of the categories: of each the images that fit best.

    table : `categories.parquet`
    record : its record
    """
    taxonomy = read_categories(record.settings["categories"])
    found = Categorized.of(table, len(taxonomy.leaves), record.settings["several"])
    files, groups = FirstFiles(ordered.order, len(table)), []
    fitting = table["categories"].combine_chunks()
    for number, group in enumerate(category_groups(found, taxonomy, record.settings["prompts"], fitting)):
        count = int(files.counts[group.members].sum())
        mean = "" if group.mean is None else f"mean probability {group.mean:.2f}"
        rows = [int(files.rows[item]) for item in group.best(CATEGORY_TILES)] if number < SHOWN else []
        shots = ordered.shots([row for row in rows if row >= 0], "tile")
        groups.append(Group(group.name, count, mean, shots))
    return Groups(groups[:SHOWN], groups[SHOWN : SHOWN + NAMED], len(groups), _on_categories(record))


def _on_categories(record: Record) -> str:
    facts: dict[str, Any] = record.facts
    return f"compared by {facts.get('model', 'a model of OpenCLIP')}"
