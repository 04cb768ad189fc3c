"""Changing what the user decided of duplicates: the rows of the files that are meant, nothing else."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.lib.duplicates.decisions import COLUMNS, Decisions, harmless_path, read_decisions
from scripts.lib.files.paths import readable
from scripts.lib.files.user_edit import EditedTable, locked_table, parse_table, write_table

Changes = Mapping[str, str | None]  # keep, drop, or no decision, by path as in the table of duplicates


def change_decisions(file: Path, changes_of: Callable[[Decisions], Changes]) -> None:
    """Save decisions, in the light of those that there are at this moment.

    Rows on other files and on contents stay as they are, so do rows and columns that mean nothing here.

    Raises
    ------
    InputError
        when the table can't be read, which is left as it is then; and what `changes_of` raises.
    DiskError
        when it can't be written.
    """
    with locked_table(file):
        changes = changes_of(read_decisions(file))
        if not changes:
            return
        data = file.read_bytes() if file.exists() else b""
        table = parse_table(data.decode("utf-8", "surrogateescape"), COLUMNS, "\r\n")
        if "path" not in table.names:
            table.columns.append("path")
        write_table(file, _changed(table, changes))


def _changed(table: EditedTable, changes: Changes) -> EditedTable:
    wanted = {harmless_path(path): decision for path, decision in changes.items()}
    left = dict(wanted)
    rows = []
    for row in table.rows:
        path = harmless_path(readable(os.fsencode(table.cell(row, "path"))))
        if path in wanted and _decides(table, row):
            decision = left.pop(path, None)  # a second row on the same file is not needed
            if decision is None:
                continue
            table.put(row, "decision", decision)
        rows.append(row)
    result = table._replace(rows=rows)
    for path, decision in left.items():
        if decision is not None:
            result.add({"path": path, "decision": decision})
    return result


def _decides(table: EditedTable, row: list[str]) -> bool:
    """Tell whether a row was understood, and is not one to be left alone."""
    return table.cell(row, "decision").strip().lower() in ("keep", "drop")
