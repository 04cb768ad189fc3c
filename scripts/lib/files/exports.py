"""Tables for other programs: CSV that no spreadsheet runs, and a plain list of paths."""

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import hex_column, ids_array
from scripts.lib.files.user_table import FORMULA_STARTS

LIST_ROWS = 65_536


def write_csv(table: pa.Table, file: Path) -> None:
    """Write a table as CSV: text is quoted and harmless, a null is empty, content ids are digits.

    Columns of bytes are left out: they have no text.
    """
    kept = [field.name for field in table.schema if not pa.types.is_binary(field.type)]
    columns = {name: _as_text(table[name]) for name in kept}
    pacsv.write_csv(pa.table(columns), file)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_fixed_size_binary(column.type):
        return hex_column(ids_array(column))
    return harmless(column) if pa.types.is_string(column.type) else column


def harmless(cells: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Return text of which no spreadsheet takes a cell for a formula."""
    dangerous = pc.match_substring_regex(cells, f"^[{FORMULA_STARTS}]")
    return pc.if_else(dangerous, pc.binary_join_element_wise("'", cells, ""), cells)


def write_list(paths: pa.ChunkedArray, file: Path) -> int:
    r"""Write one path a line, as bytes; return how many hold a line break, which is written as \n.

    paths : binary without nulls
    """
    broken = 0
    with file.open("wb") as stream:
        for start in range(0, len(paths), LIST_ROWS):
            lines = paths.slice(start, LIST_ROWS).to_pylist()
            broken += sum(b"\n" in line for line in lines)
            stream.write(b"".join(line.replace(b"\n", rb"\n") + b"\n" for line in lines))
    return broken


def table_writer(file: Path) -> Callable[[pa.Table, Path], object]:
    """Return what writes a table in the format that a file's name says. Raises InputError for any other."""
    writers: dict[str, Callable[[pa.Table, Path], object]] = {".csv": write_csv, ".parquet": pq.write_table}
    writer = writers.get(file.suffix.lower())
    if writer is None:
        raise InputError(f"{file} ends in {file.suffix!r}; name one of {', '.join(writers)}")
    return writer


def check_new(file: Path, force: bool) -> None:
    """Raise InputError where a file of the user's would be overwritten unasked."""
    if os.path.lexists(file) and not force:
        raise InputError(f"{file} exists. Name another file, or add --force to overwrite it.")
