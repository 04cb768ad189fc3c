"""Duplicates: how many there are, what is proposed, and those groups by which most room is to be had."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.duplicates.duplicate_table import summary
from scripts.lib.report.album import Album, Shot
from scripts.lib.words import size_words

SHOWN, FILES = 8, 4  # groups, and files of one


class Copy(NamedTuple):
    """A file of a group."""

    shot: Shot
    keep: bool
    facts: str


class CopyGroup(NamedTuple):
    """Files that show the same picture, the best first; `more` of them are not shown."""

    files: list[Copy]
    more: int


class Copies(NamedTuple):
    """All that is said of duplicates."""

    summary: str
    shown: list[CopyGroup]
    total: int


def copies_of(table: pa.Table, album: Album) -> Copies:
    """Choose what is shown.

    table : `duplicates.parquet`
    """
    dropped = table.filter(pc.invert(table["keep"])).group_by("group").aggregate([("size", "sum")])
    largest = dropped.sort_by([("size_sum", "descending"), ("group", "ascending")])["group"][:SHOWN]
    groups = [_group(table.filter(pc.equal(table["group"], group)), album) for group in largest]
    return Copies(summary(table), groups, pc.count_distinct(table["group"]).as_py())


def _group(rows: pa.Table, album: Album) -> CopyGroup:
    shown = rows.slice(0, FILES).to_pylist()
    files = [
        Copy(
            album.take(Shot(row["content_id"], "view", row["path"]), [row["path_bytes"]]),
            row["keep"],
            _facts(row["width"], row["height"], row["size"], row["kind"]),
        )
        for row in shown
    ]
    return CopyGroup(files, rows.num_rows - len(shown))


def _facts(width: int | None, height: int | None, size: int | None, kind: str | None) -> str:
    pixels = f"{width:,} × {height:,}, " if width and height else ""
    return f"{pixels}{size_words(size or 0)}" + (f", {kind}" if kind else "")
