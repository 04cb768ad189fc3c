"""Stage `scan`: the inventory, one row a file, and the content ids that each partition embeds.

A file that cannot be taken keeps its row, with a status and a reason. The partition lists hold
nothing but sorted content ids, so that renaming or touching a file leaves them as they are.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.files.brakes import check_found, check_roots, check_shrinkage, contains
from scripts.lib.files.content_ids import ID_TYPE, ids_array, list_bytes, partitions_of
from scripts.lib.files.found import Found, Passed, extension
from scripts.lib.files.hashes import HashCache, Identity, identify_all
from scripts.lib.files.originals import tar_above
from scripts.lib.files.paths import absolute, readable
from scripts.lib.files.status import OK, TOO_LARGE, UNDECODABLE, UNREADABLE
from scripts.lib.files.walk import Tree, walk
from scripts.lib.images.formats import kind_of_extension, kind_of_format
from scripts.lib.images.headers import LibraryHeaders

INVENTORY = pa.schema(
    [
        ("path", pa.string()),  # readable: bytes that are not UTF-8 appear as \xNN
        ("path_bytes", pa.binary()),  # what is opened
        ("root", pa.string()),
        ("kind", pa.string()),  # image | video | folder | vector
        ("size", pa.int64()),  # bytes
        ("mtime_ns", pa.int64()),
        ("content_id", ID_TYPE),
        ("format", pa.string()),
        ("width", pa.int64()),  # as declared, however absurd
        ("height", pa.int64()),
        ("status", pa.string()),
        ("error", pa.string()),
    ]
)


# Begin a display of so many units; it is called with the number of units newly done.
ProgressOf = Callable[[int, str], AbstractContextManager[Callable[[int], object]]]


@dataclass(frozen=True)
class ScanSettings:
    """How to scan: the limit on declared pixels, whether the collection may shrink, threads, patience."""

    pixel_limit: int
    allow_shrink: bool
    threads: int
    decode_seconds: float  # for a header that a library reads


class Row(NamedTuple):
    """One row of the inventory, in the order of its columns."""

    path: str
    path_bytes: bytes
    root: str
    kind: str
    size: int | None
    mtime_ns: int | None
    content_id: bytes | None
    format: str | None
    width: int | None
    height: int | None
    status: str
    error: str | None


def scan(tree: Tree, cache: HashCache, settings: ScanSettings, progress: ProgressOf) -> list[Row]:
    """Return one row per image or video file below the roots, sorted by path.

    Raises
    ------
    InputError
        when a root is missing, no image is found, or the collection shrank beyond belief.
    """
    check_roots(tree, settings.allow_shrink)
    with progress(0, "files found") as count:  # how many there are is not known
        found, passed = _divide(walk(tree), count)
    check_found(tree, found, passed)
    known, there = cache.paths(), {each.path for each in found}
    gone = known - there
    check_shrinkage(tree, cache, _lost(tree, gone, len(there - known)), settings.allow_shrink)
    with (
        LibraryHeaders(settings.threads, settings.decode_seconds) as headers,
        progress(len(found), "files") as count,
    ):
        identities = identify_all(found, cache, settings.threads, headers, count)
    cache.forget(gone)
    cache.adopt(found)
    forget_other_tars(found)
    rows = [_row(f, i, settings.pixel_limit) for f, i in zip(found, identities, strict=True)]
    return sorted(rows + [_passed_row(p) for p in passed], key=lambda row: row.path_bytes)


def forget_other_tars(found: Sequence[Found]) -> None:
    """Remove what is kept of tars in which none of the files lies."""
    from scripts.lib.files.tars.index import forget_others  # late: most collections have none

    folders = {each.path.rpartition(b"/")[0] for each in found if each.stamp is not None}
    forget_others({tar for folder in folders if (tar := tar_above(folder + b"/"))})


def _lost(tree: Tree, gone: Iterable[bytes], new: int) -> int:
    """Return how many known files are gone that have not been moved by us.

    A file that was moved into the output, renamed there, or moved back is a new one somewhere else.
    """
    moved = set(tree.moved.values())
    elsewhere = [path for path in gone if absolute(path) not in moved]
    ours = sum(any(contains(own, os.path.dirname(path)) for own in tree.own) for path in elsewhere)
    return len(elsewhere) - min(ours, new)


def _divide(
    entries: Iterable[Found | Passed], progress: Callable[[int], object]
) -> tuple[list[Found], list[Passed]]:
    found: list[Found] = []
    passed: list[Passed] = []
    for entry in entries:
        if isinstance(entry, Found):
            found.append(entry)
        else:
            passed.append(entry)
        progress(1)
    return found, passed


def _row(found: Found, identity: Identity, pixel_limit: int) -> Row:
    status, error = OK, identity.error
    if identity.content_id is None:
        status = UNREADABLE
    elif error is not None:
        status = UNDECODABLE
    elif (identity.width or 0) * (identity.height or 0) > pixel_limit:
        status = TOO_LARGE
        error = f"declares {identity.width} x {identity.height} pixels, more than pixel_limit={pixel_limit}"
    return Row(
        path=readable(found.path),
        path_bytes=found.path,
        root=readable(found.root),
        kind=_kind(found, identity),
        size=found.size,
        mtime_ns=found.mtime_ns,
        content_id=identity.content_id,
        format=identity.format,
        width=identity.width,
        height=identity.height,
        status=status,
        error=error,
    )


def _kind(found: Found, identity: Identity) -> str:
    """Return what a file is by its bytes, or where those do not tell, by its name."""
    if identity.format is None:
        return kind_of_extension(extension(found.path))
    return kind_of_format(identity.format)


def _passed_row(passed: Passed) -> Row:
    nothing = (None,) * 6
    path = readable(passed.path)
    return Row(
        path,
        passed.path,
        readable(passed.root),
        passed.kind,
        *nothing,
        passed.status,
        passed.reason,
    )


def inventory_table(rows: Sequence[Row]) -> pa.Table:
    """Return the rows as an Arrow table of schema `INVENTORY`."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in INVENTORY)
    arrays = [pa.array(list(c), field.type) for c, field in zip(columns, INVENTORY, strict=True)]
    return pa.Table.from_arrays(arrays, schema=INVENTORY)


def partition_lists(inventory: pa.Table, partitions: int) -> list[bytes]:
    """Return, for each partition, the Parquet bytes of its sorted distinct content ids."""
    usable = inventory.select(["status", "content_id"]).filter(pc.field("status") == OK)
    ids = np.unique(ids_array(usable["content_id"]))
    homes = partitions_of(ids, partitions)
    by_home = np.argsort(homes, kind="stable")
    bounds = np.searchsorted(homes[by_home], np.arange(partitions + 1))
    return [list_bytes(ids[by_home[a:b]]) for a, b in pairwise(bounds)]
