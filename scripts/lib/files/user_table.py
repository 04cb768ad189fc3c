"""Tables that the user edits: CSV as spreadsheets write it, with commas or semicolons."""

import csv
import io
from pathlib import Path

from scripts.lib.errors import InputError

FORMULA_STARTS = "=+@\t\r-"  # a spreadsheet would run such a cell


def read_rows(file: Path, text: str) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Return the columns of a table, and its rows with the lines that they end at; missing cells are empty.

    text : what is in the file, its line breaks as they are

    Raises
    ------
    InputError
        naming the line that is none of such a table.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator(text), restval="", strict=True)
    try:
        columns = list(reader.fieldnames or ())
        return columns, [(reader.line_num, {name: row[name] for name in columns}) for row in reader]
    except csv.Error as error:
        raise InputError(
            f"{file}, in the row that begins behind line {reader.line_num}: {error}. Mend it, or remove it."
        ) from error


def separator(text: str) -> str:
    """Return what stands between the cells of a table."""
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def in_cell(text: str) -> str:
    """Return text as a cell that no spreadsheet takes for a formula; `from_cell` undoes it."""
    return f"'{text}" if _begins_formula(text.lstrip("'")) else text


def from_cell(cell: str) -> str:
    """Return the text that was put into a cell."""
    return cell[1:] if cell.startswith("'") and _begins_formula(cell.lstrip("'")) else cell


def _begins_formula(text: str) -> bool:
    return text[:1] != "" and text[:1] in FORMULA_STARTS
