"""Stage `order`: the path joined with the files, and the files that are not in it.

Files of equal content stand side by side, by path. Before this stage nothing knows a file's name.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.files.content_ids import ids_array
from scripts.lib.files.status import OK

REJECTED_COLUMNS = ("path", "kind", "status", "error")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run such a cell


class Reason(NamedTuple):
    """Why a content has no vector."""

    status: str
    error: str | None


def order_table(inventory: pa.Table, ids: np.ndarray, path: np.ndarray, links: np.ndarray) -> pa.Table:
    """Return one row per file in the order.

    Parameters
    ----------
    inventory : table of schema `INVENTORY`, its rows by path
    ids : (n,) S32, the content id of each item, ascending
    path : (n,) int32, the items in visual order
    links : (n - 1,) float32, the distance from each item of the path to the next
    """
    files = inventory.filter(pc.field("status") == OK)
    rank = np.empty(len(ids), np.int64)
    rank[path] = np.arange(len(ids))
    item = item_of(ids_array(files["content_id"]), ids)
    present = np.flatnonzero(item >= 0)
    rows = present[np.argsort(rank[item[present]], kind="stable")]
    ranks = rank[item[rows]]
    files = files.take(pa.array(rows))
    return pa.table(
        {
            "position": pa.array(np.arange(len(rows), dtype=np.int32)),
            "path": files["path"],
            "path_bytes": files["path_bytes"],
            "root": files["root"],
            "content_id": files["content_id"],
            "item": pa.array(item[rows].astype(np.int32)),
            "distance_to_next": distances_to_next(ranks, links),
            "duplicate_group": duplicate_groups(ranks),
            "size": files["size"],
            "mtime_ns": files["mtime_ns"],
        }
    )


def item_of(contents: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the item of each content, -1 where it has none: (m,) int64."""
    if not len(ids):
        return np.full(len(contents), -1)
    nearest = np.minimum(np.searchsorted(ids, contents), len(ids) - 1)
    return np.where(ids[nearest] == contents, nearest, -1)


def distances_to_next(ranks: np.ndarray, links: np.ndarray) -> pa.Array:
    """Return the distance from each file to the next, 0 between equal contents, null at the end."""
    if not len(ranks):
        return pa.array([], pa.float32())
    steps = np.append(np.diff(ranks), 1) > 0
    padded = np.append(links, np.float32(0)).astype(np.float32)
    last = np.arange(len(ranks)) == len(ranks) - 1
    return pa.array(np.where(steps, padded[ranks], np.float32(0)), pa.float32(), mask=last)


def duplicate_groups(ranks: np.ndarray) -> pa.Array:
    """Return a number for each set of files of equal content, null for files that are alone."""
    if not len(ranks):
        return pa.array([], pa.int32())
    _, group, count = np.unique(ranks, return_inverse=True, return_counts=True)
    numbers = np.cumsum(count > 1) - 1
    return pa.array(numbers[group].astype(np.int32), pa.int32(), mask=count[group] == 1)


def read_reasons(manifests: Sequence[Path]) -> dict[bytes, Reason]:
    """Return why contents have no vector, from the manifests of all partitions."""
    reasons: dict[bytes, Reason] = {}
    for manifest in manifests:
        table = pq.read_table(manifest).filter(pc.field("status") != OK)
        columns = (table[name].to_pylist() for name in ("content_id", "status", "error"))
        reasons.update((content, Reason(*why)) for content, *why in zip(*columns, strict=True))
    return reasons


def rejected_rows(inventory: pa.Table, reasons: Mapping[bytes, Reason]) -> list[tuple[str, ...]]:
    """Return every row of the inventory that is not in the order, with the reason, by path."""
    unusable = pc.field("status") != OK
    if reasons:
        unusable |= pc.field("content_id").isin(pa.array(reasons, inventory["content_id"].type))
    rows = []
    for row in (
        inventory.filter(unusable).select(["path", "kind", "status", "error", "content_id"]).to_pylist()
    ):
        why = Reason(row["status"], row["error"])
        if why.status == OK:
            why = reasons[row["content_id"]]
        rows.append((row["path"], row["kind"], why.status, why.error or ""))
    return sorted(rows)


def harmless(cell: str) -> str:
    """Return a CSV cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
