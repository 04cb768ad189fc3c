"""Stage `order`: the path joined with the files.

Files of one item stand side by side: contents by the smallest of their paths, files of one content by
path. Before this stage nothing knows a file's name.
"""

import os

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.embedding.gather import Items
from scripts.lib.files.content_ids import ids_array, positions_in
from scripts.lib.files.paths import readable
from scripts.lib.files.status import OK
from scripts.lib.files.taking import taken


def order_table(inventory: pa.Table, items: Items, path: np.ndarray, links: np.ndarray) -> pa.Table:
    """Return one row per file in the order.

    Parameters
    ----------
    inventory : table of schema `INVENTORY`
    items : the contents that have a vector
    path : (m,) int32, the items in visual order
    links : (m - 1,) float32, the distance from each item of the path to the next
    """
    files = inventory.filter(pc.field("status") == OK)
    content = positions_in(items.content_ids, ids_array(files["content_id"]))
    present = np.flatnonzero(content >= 0)
    files, content = taken(files, present), content[present]
    ranks = ranks_of(items.rows, path)[content]
    rows = side_by_side(ranks, content, by_path(files["path_bytes"]))
    files, content, ranks = taken(files, rows), content[rows], ranks[rows]
    return pa.table(
        {
            "position": pa.array(np.arange(len(rows), dtype=np.int32)),
            "path": files["path"],
            "path_bytes": files["path_bytes"],
            "absolute_path": absolute_paths(files["path"], files["kind"]),
            "root": files["root"],
            "content_id": files["content_id"],
            "item": pa.array(items.rows[content]),
            "distance_to_next": distances_to_next(ranks, links),
            "duplicate_group": duplicate_groups(content),
            "size": files["size"],
            "mtime_ns": files["mtime_ns"],
        }
    )


def ranks_of(rows: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Return where on the path (m,) each content's item (c,) stands: (c,) int64."""
    rank = np.empty(len(path), np.int64)
    rank[path] = np.arange(len(path))
    ranks: np.ndarray = rank[rows]
    return ranks


def by_path(paths: pa.ChunkedArray) -> np.ndarray:
    """Return the place of each file among all, sorted by the bytes of their paths: (f,) int64."""
    place = np.empty(len(paths), np.int64)
    place[pc.sort_indices(paths).to_numpy()] = np.arange(len(paths))
    return place


def side_by_side(ranks: np.ndarray, content: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the files in order: by rank, then by the first path of their content, then by path.

    ranks, content, place : (f,) int64
    """
    first = np.full(content.max(initial=-1) + 1, len(place))
    np.minimum.at(first, content, place)
    order: np.ndarray = np.lexsort((place, first[content], ranks))
    return order


def absolute_paths(paths: pa.ChunkedArray, kinds: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return where the images lie, for programs that work in another folder.

    The names that come with the user's own vectors need not be files; they stay as they are.
    """
    relative = pc.and_(pc.not_equal(kinds, "vector"), pc.invert(pc.starts_with(paths, "/")))
    here = pa.scalar(readable(os.getcwd()).rstrip("/") + "/")
    return pc.if_else(relative, pc.binary_join_element_wise(here, paths, ""), paths)


def distances_to_next(ranks: np.ndarray, links: np.ndarray) -> pa.Array:
    """Return the distance from each file to the next, 0 within one item, null at the end."""
    if not len(ranks):
        return pa.array([], pa.float32())
    steps = np.append(np.diff(ranks), 1) > 0
    padded = np.append(links, np.float32(0)).astype(np.float32)
    last = np.arange(len(ranks)) == len(ranks) - 1
    return pa.array(np.where(steps, padded[ranks], np.float32(0)), pa.float32(), mask=last)


def duplicate_groups(content: np.ndarray) -> pa.Array:
    """Return a number for each set of files of equal content, in order; null for files that are alone.

    content : (f,) int64; equal ones are adjacent
    """
    changes = np.flatnonzero(np.diff(content, prepend=-1))
    sizes = np.diff(changes, append=len(content))
    numbers = np.cumsum(sizes > 1) - 1
    alone = np.repeat(sizes == 1, sizes)
    return pa.array(np.repeat(numbers, sizes).astype(np.int32), pa.int32(), mask=alone)
