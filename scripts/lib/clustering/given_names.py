"""The names that the user has given to clusters, as they are read from `cluster_names.csv`.

Read by every run before anything else, so nothing heavy is imported here.
"""

from pathlib import Path
from typing import NamedTuple
from unicodedata import category

from blake3 import blake3

from scripts.lib.errors import InputError
from scripts.lib.files.user_table import from_cell, read_rows


class GivenName(NamedTuple):
    """A name, and the content id in hexadecimal digits of the image that bears it."""

    anchor: str
    name: str


def read_given_names(file: Path) -> list[GivenName]:
    """Return the names that the user has given, in the order of the table; none without a table.

    Raises
    ------
    InputError
        when the table lacks a column, or a named row its anchor.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")  # spreadsheets write a mark in front
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise InputError(f"{file} can't be read ({error}). It is UTF-8 text; mend or remove it.") from error
    columns, rows = read_rows(file, text)
    if not {"your_name", "anchor"} <= set(columns):
        raise InputError(f"{file} has no columns your_name and anchor; remove it, and it is made anew.")
    given = [(line, row["anchor"], one_line(from_cell(row["your_name"]))) for line, row in rows]
    for line, anchor, name in given:
        if name and not _is_anchor(anchor):
            raise InputError(
                f"{file}, line {line}: '{name}' has no anchor ('{anchor}'); leave that column as it is."
            )
    return [GivenName(anchor, name) for _, anchor, name in given if name]


def one_line(name: str) -> str:
    """Return a name as it is kept: without control characters and halves of characters, words apart."""
    words = name.split()
    return " ".join("".join(each for each in word if category(each) not in ("Cc", "Cs")) for word in words)


def _is_anchor(anchor: str) -> bool:
    try:
        return len(bytes.fromhex(anchor)) > 0
    except ValueError:
        return False


def names_digest(file: Path) -> str:
    """Return a text that changes with the names that were given, and with nothing else.

    A table that can't be read is another, too: the stage says what is wrong with it.
    """
    try:
        given = read_given_names(file)
    except InputError as error:
        return blake3(str(error).encode()).hexdigest()[:16]
    return blake3(repr(sorted(given)).encode()).hexdigest()[:16] if given else ""
