"""The table of duplicates: one row a file that is in a group, best first; groups by the path of the best."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.duplicates.candidates import Rows
from scripts.lib.duplicates.decisions import Decisions
from scripts.lib.duplicates.duplicate_groups import Membership
from scripts.lib.duplicates.fit import Mask
from scripts.lib.duplicates.judge import Judge
from scripts.lib.duplicates.keep_best import Facts, Ranks, why_best, why_not
from scripts.lib.duplicates.kept import Member, settle
from scripts.lib.files.content_ids import ID_TYPE

EXACT, NEAR, PERCEPTUAL = "exact", "near", "perceptual"
DUPLICATES = pa.schema(
    [
        ("group", pa.int32()),
        ("kind", pa.string()),  # exact | near | perceptual: how it is known to show the same as the best
        ("path", pa.string()),  # of a moved file the one that it had before: decisions are on that
        ("path_bytes", pa.binary()),  # where it lies
        ("content_id", ID_TYPE),
        ("distance", pa.float32()),  # of the vectors, to the best
        ("bits", pa.int32()),  # of the hashes, likewise
        ("keep", pa.bool_()),  # what is to be done
        ("proposed", pa.bool_()),  # what would be done without decisions
        ("protected", pa.bool_()),  # lies in a protected folder, so that it is kept whatever is decided
        ("decision", pa.string()),  # keep | drop
        ("reason", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("size", pa.int64()),
        ("format", pa.string()),
        ("mtime_ns", pa.int64()),
    ]
)
OF_FILES = ("path", "path_bytes", "content_id", "width", "height", "size", "format", "mtime_ns")


class Grouped(NamedTuple):
    """The files that are in groups, best first in each.

    files : (m,) int64, rows of the inventory
    group : (m,) int32, ascending
    best : (m,) int64, the row of the best file of each one's group
    """

    files: Rows
    group: npt.NDArray[np.int32]
    best: Rows


def grouped_files(content: Rows, best: Rows, rank: Ranks, place: Rows) -> Grouped:
    """Return the files whose group has more than one.

    content : (f,) int64, of each file
    best : (c,) int64, the best content of each one's group
    rank, place : (f,) int64, of each file: by how good it is, and by its path
    """
    _, of, sizes = np.unique(best[content], return_inverse=True, return_counts=True)
    files = np.flatnonzero(sizes[of] > 1)
    files = files[np.lexsort((rank[files], of[files]))]
    starts = np.flatnonzero(np.diff(of[files], prepend=-1))
    sizes = np.diff(starts, append=len(files))
    first = np.repeat(files[starts], sizes)
    by_path = np.argsort(place[first], kind="stable")
    numbers = np.repeat(np.arange(len(starts), dtype=np.int32), sizes[np.argsort(place[files[starts]])])
    return Grouped(files[by_path], numbers, first[by_path])


def duplicate_table(
    grouped: Grouped, files: pa.Table, content: Rows, membership: Membership, judge: Judge
) -> pa.Table:
    """Return the table, but for what is kept.

    files : the usable rows of the inventory
    content : (f,) int64, of each file
    """
    ours, theirs = content[grouped.files], content[grouped.best]
    is_best = grouped.files == grouped.best
    distance = judge.distances(ours, theirs)
    bits = judge.bits(theirs, ours, membership.turn[ours])
    near = np.nan_to_num(distance, nan=np.inf) <= judge.near
    kind = np.where(ours == theirs, EXACT, np.where(near, NEAR, PERCEPTUAL)).astype(object)
    columns = {name: files[name].take(pa.array(grouped.files)).combine_chunks() for name in OF_FILES}
    columns |= {
        "group": pa.array(grouped.group),
        "kind": pa.array(kind, pa.string(), mask=is_best),
        "distance": pa.array(distance, pa.float32(), mask=is_best | np.isnan(distance)),
        "bits": pa.array(bits, pa.int32(), mask=is_best | (bits < 0)),
    }
    return pa.table(columns)


def with_decisions(table: pa.Table, protected: Mask, decisions: Decisions) -> tuple[pa.Table, Sequence[str]]:
    """Return the table with what is kept and why, of schema `DUPLICATES`, and what can't be done as decided.

    protected : (m,) bool
    """
    rows = table.select(["group", "kind", "path", "content_id", *Facts._fields]).to_pylist()
    members, refused = [], []
    for group in _by_group(rows, protected.tolist()):
        settled, told = settled_group(group, decisions)
        refused += told
        members += settled
    for name in ("keep", "proposed", "protected", "decision", "reason"):
        kind = DUPLICATES.field(name).type
        table = table.append_column(name, pa.array([getattr(each, name) for each in members], kind))
    return table.select(DUPLICATES.names).cast(DUPLICATES), refused


def _by_group(rows: list[dict[str, Any]], protected: list[bool]) -> Iterator[list[dict[str, Any]]]:
    marked = [row | {"protected": each} for row, each in zip(rows, protected, strict=True)]
    for _, group in groupby(marked, lambda row: row["group"]):
        yield list(group)


def settled_group(group: Sequence[Mapping[str, Any]], decisions: Decisions) -> tuple[list[Member], list[str]]:
    """Return what is kept of a group and why, and what can't be done as decided.

    group : rows of `DUPLICATES`, best first, but for what is told here
    """
    best = _facts(group[0])
    members = [
        Member(
            row["path"],
            _reason(row, best, len(group)),
            row["protected"],
            decisions.of(row["path"], row["content_id"].hex()),
        )
        for row in group
    ]
    return members, settle(members)


def _reason(row: Mapping[str, Any], best: Facts, files: int) -> str:
    if row["kind"] is None:
        return why_best(best, files)
    return "the same bytes as the best" if row["kind"] == EXACT else why_not(_facts(row), best)


def _facts(row: Mapping[str, Any]) -> Facts:
    width, height, size, mtime = (row[name] or 0 for name in ("width", "height", "size", "mtime_ns"))
    return Facts(width, height, size, row["format"] or "", mtime)


def summary(table: pa.Table) -> str:
    """Say how many duplicates there are, of which kinds, and what they take."""
    if not len(table):
        return "there are no duplicates"
    kinds = Counter(table["kind"].to_pylist())
    dropped = table.filter(pc.invert(table["keep"]))
    size = (pc.sum(dropped["size"]).as_py() or 0) / 1e6
    parts = ", ".join(f"{kinds[kind]:,} {kind}" for kind in (EXACT, NEAR, PERCEPTUAL) if kinds[kind])
    return (
        f"{kinds[None]:,} groups of duplicates ({parts}); {len(dropped):,} files of {size:,.1f} MB "
        "need not be kept"
    )
