"""The files that are not in the order: how many for which reason, and the first of them by name."""

from typing import NamedTuple

import pyarrow as pa

REASONS, NAMED = 12, 40


class Reason(NamedTuple):
    """Files that were left out for one reason."""

    kind: str
    status: str
    error: str
    files: int


class LeftOut(NamedTuple):
    """All that is said of them.

    files : (path, reason) of the first
    """

    total: int
    reasons: list[Reason]
    more_reasons: int
    files: list[tuple[str, str]]


def left_out(table: pa.Table) -> LeftOut:
    """Count the files that were left out by reason."""
    counts = table.group_by(["kind", "status", "error"]).aggregate([([], "count_all")])
    counts = counts.sort_by([("count_all", "descending"), ("status", "ascending"), ("error", "ascending")])
    rows = counts.slice(0, REASONS).to_pylist()
    reasons = [Reason(row["kind"], row["status"], row["error"], row["count_all"]) for row in rows]
    first = table.slice(0, NAMED).to_pylist()
    files = [(row["path"], row["error"] or row["status"]) for row in first]
    return LeftOut(len(table), reasons, len(counts) - len(reasons), files)
