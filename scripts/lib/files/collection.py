"""Stage `collection`: all that is known of each file in one flat table, for other programs.

The tables of the stages have a row an item or a row a duplicate; here each file has one. Everything stays in
Arrow's columns, so that a million files take no more than their columns.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.files.content_ids import hex_column, ids_array

TIME = pa.timestamp("ns")  # of UTC, but without its name: for that DuckDB in Python needs another package


class Known(NamedTuple):
    """What the stages tell: tables with a row an item, but for the duplicates, which have a row a file.

    names : what each cluster is called, by its number
    category_names : of the probabilities, in their order; empty if there are no categories
    """

    clusters: pa.Table
    names: dict[int, str]
    labels: pa.Table
    projection: pa.Table
    duplicates: pa.Table
    categories: pa.Table | None = None
    category_names: Sequence[str] = ()


def collection_table(order: pa.Table, known: Known) -> pa.Table:
    """Return one row a file, in order.

    order : as `order.parquet`
    """
    items = order["item"]
    columns = {
        "path": order["path"],
        "absolute_path": order["absolute_path"],
        "content_id": hex_column(ids_array(order["content_id"])),
        "size": order["size"],
        "mtime": order["mtime_ns"].cast(TIME),
        "position": order["position"],
        **_clusters(known.clusters["cluster"].take(items), known.names),
        "label": known.labels["label"].take(items),
        **_categories(known, items),
        **{axis: known.projection[axis].take(items) for axis in "xyzuv"},
        **_duplicates(order["path_bytes"], known.duplicates),
        "distance_to_next": order["distance_to_next"],
    }
    return pa.table(columns)


def _clusters(clusters: pa.ChunkedArray, names: dict[int, str]) -> dict[str, pa.ChunkedArray | pa.Array]:
    numbers = pa.array(names.keys(), clusters.type)
    called = pa.array(names.values(), pa.string()).take(pc.index_in(clusters, numbers))
    return {"cluster": clusters, "cluster_name": called}


def _categories(known: Known, items: pa.ChunkedArray) -> dict[str, pa.ChunkedArray | pa.Array]:
    """Return the best category, all that fit, and a column with the probability of each."""
    if known.categories is None:
        return {}
    columns = {
        "category": known.categories["category"].take(items),
        "category_probability": known.categories["probability"].take(items),
        "categories": known.categories["categories"].take(items),
    }
    count = len(known.category_names)
    flat = pc.list_flatten(known.categories["probabilities"]).to_numpy()
    probabilities = flat.reshape(-1, count) if count else np.empty((0, 0))  # (m, c)
    for name, column in zip(known.category_names, probabilities.T, strict=True):
        columns[f"p_{name}"] = pa.array(np.ascontiguousarray(column)).take(items)
    return columns


def _duplicates(paths: pa.ChunkedArray, duplicates: pa.Table) -> dict[str, pa.ChunkedArray | pa.Array]:
    """Return the group of each file that is in one, and whether the file is to be kept: null for others."""
    rows = pc.index_in(paths, value_set=duplicates["path_bytes"])
    return {
        "duplicate_group": duplicates["group"].take(rows),
        "duplicate_keep": duplicates["keep"].take(rows),
    }
