"""Changes to a table that the user edits, too: all that is in it stays, but for the cells that are meant.

Whoever changes such a table holds its lock meanwhile, and reads it anew: two browsers and a run lose nothing
of each other. A spreadsheet knows no lock, but what it has saved before is read.
"""

import csv
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from scripts.lib.artifacts.atomic import write_text
from scripts.lib.artifacts.disk import writing
from scripts.lib.files.user_table import separator
from scripts.lib.run.lock import flock

MARK = "\ufeff"  # spreadsheets write it in front, and want it there
_THREADS = threading.Lock()  # for file systems without locks, where it guards against this process alone


@contextmanager
def locked_table(file: Path) -> Iterator[None]:
    """Hold the lock of a table, waiting for it; it goes with its process.

    Raises
    ------
    DiskError
        when there can be no lock beside the table.
    """
    with _THREADS, writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_name(f".{file.name}.lock").open("a", encoding="utf-8") as lock:
            flock(lock, wait=True)
            yield


class EditedTable(NamedTuple):
    """A table as it stands in its file.

    rows : cells as they are, of any number; the first row is not the heading
    """

    columns: list[str]
    rows: list[list[str]]
    between: str = ","
    line_end: str = "\r\n"
    mark: str = ""

    @property
    def names(self) -> list[str]:
        """Return the columns as they are asked for."""
        return [name.strip() for name in self.columns]

    def cell(self, row: Sequence[str], name: str) -> str:
        """Return what stands in a row below a column; nothing where it does not reach so far."""
        place = self.names.index(name) if name in self.names else len(row)
        return row[place] if place < len(row) else ""

    def put(self, row: list[str], name: str, text: str) -> None:
        """Write into a row below a column."""
        place = self.names.index(name)
        row += [""] * (place + 1 - len(row))
        row[place] = text

    def add(self, cells: Mapping[str, str]) -> None:
        """Append a row; cells whose column is not there are left out."""
        self.rows.append([cells.get(name, "") for name in self.names])


def parse_table(text: str, columns: Sequence[str], line_end: str) -> EditedTable:
    """Return the table in a text that `user_table.read_rows` understands; a new one for no text.

    columns, line_end : of a new one
    """
    mark, text = (MARK, text[1:]) if text.startswith(MARK) else ("", text)
    if not text:
        return EditedTable(list(columns), [], line_end=line_end, mark=mark)
    between = separator(text)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    line_end = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    return EditedTable(rows[0], rows[1:], between, line_end, mark)


def write_table(file: Path, table: EditedTable) -> None:
    """Replace a table atomically; characters that stand for raw bytes keep them."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=table.between, lineterminator=table.line_end)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    write_text(file, table.mark + stream.getvalue())
