"""Giving a cluster a name, in the table that the user edits and the stage completes."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from scripts.lib.clustering.cluster_names import COLUMNS
from scripts.lib.clustering.given_names import one_line, read_given_names
from scripts.lib.errors import InputError
from scripts.lib.files.user_edit import EditedTable, locked_table, parse_table, write_table
from scripts.lib.files.user_table import in_cell

LONGEST = 200  # characters of a name

ClustersOf = Callable[[Iterable[str]], Mapping[str, int]]


class Named(NamedTuple):
    """A cluster that is to be named, as its row begins that there may not be yet."""

    cluster: int
    name: str  # what it is called now
    files: int
    example: str  # path of its medoid
    anchor: str  # content id of its medoid


def give_name(file: Path, named: Named, name: str, clusters_of: ClustersOf) -> None:
    """Call a cluster something else, or by no name of the user's if the name is empty.

    Of several names whose images lie in the cluster the first counts, so that is changed; all go where none
    is wanted. Nothing else of the table is touched.

    clusters_of : returns the clusters of those anchors that are in one

    Raises
    ------
    InputError
        when the table can't be read, which is left as it is then, or the name is too long.
    DiskError
        when it can't be written.
    """
    wanted = one_line(name)
    if len(wanted) > LONGEST:
        raise InputError(f"A name has {LONGEST} characters at most; this one has {len(wanted):,}.")
    with locked_table(file):
        given = read_given_names(file)
        clusters = clusters_of({each.anchor for each in given})
        table = parse_table(_text(file), COLUMNS, "\n")
        if _named(table, named, wanted, clusters):
            write_table(file, table)


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8") if file.exists() else ""


def _named(table: EditedTable, named: Named, name: str, clusters: Mapping[str, int]) -> bool:
    """Put a name into a table; tell whether that changed anything."""
    rows = [row for row in table.rows if _has_name_in(table, row, clusters, named.cluster)]
    if not rows:
        if not name:
            return False
        rows = [row for row in table.rows if table.cell(row, "anchor") == named.anchor] or [
            _added(table, named)
        ]
    if all(table.cell(row, "your_name") == in_cell(name) for row in rows[:1]):
        return False
    for row in rows if not name else rows[:1]:
        table.put(row, "your_name", in_cell(name))
    return True


def _has_name_in(table: EditedTable, row: list[str], clusters: Mapping[str, int], cluster: int) -> bool:
    own = one_line(table.cell(row, "your_name"))
    return bool(own) and clusters.get(table.cell(row, "anchor")) == cluster


def _added(table: EditedTable, named: Named) -> list[str]:
    cells = named._asdict() | {"name": in_cell(named.name), "example": in_cell(named.example)}
    table.add({name: str(cell) for name, cell in cells.items()})
    return table.rows[-1]
