"""Changes to tables that the user edits, too: nothing else changes, whoever writes at the same time."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.lib.clustering.given_names import read_given_names
from scripts.lib.files.exports import harmless
from scripts.lib.files.user_edit import parse_table, write_table
from scripts.lib.files.user_table import from_cell, in_cell

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ["", "beach", "=1+1", "'=1+1", "''=x", "'tis", "-", "+a", "@b", "\tc", "'", "''", "'-"]
TABLES = [
    "path,decision\r\na.jpg,keep\r\n",
    '\ufeffpath;note;decision\r\n\'=a.jpg;;keep\r\n\r\nb.jpg;"two\r\nlines";drop\r\nshort\r\n',
    'anchor,your_name\nab,"a, b"\ncd,more,cells\n',
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_cell_is_no_formula_and_is_read_as_it_was_meant(text: str) -> None:
    import pyarrow as pa

    cell = in_cell(text)
    assert from_cell(cell) == text
    assert harmless(pa.array([cell]))[0].as_py() == cell
    assert (cell != text) == (text.lstrip("'")[:1] in set("=+@\t\r-"))


@pytest.mark.parametrize("text", TABLES)
def test_a_table_that_is_not_changed_is_written_as_it_was(tmp_path: Path, text: str) -> None:
    file = tmp_path / "table.csv"
    write_table(file, parse_table(text, ("other",), "\n"))
    assert file.read_bytes().decode() == text


def test_a_table_that_is_not_there_gets_its_columns(tmp_path: Path) -> None:
    table = parse_table("", ("path", "decision"), "\n")
    table.add({"decision": "keep", "path": 'a"b', "none": "x"})
    write_table(tmp_path / "table.csv", table)
    assert (tmp_path / "table.csv").read_text() == 'path,decision\n"a""b",keep\n'


def test_a_short_row_is_filled_up_and_headings_may_have_blanks() -> None:
    table = parse_table("a, b ,c\n1\n", (), "\n")
    assert (table.cell(table.rows[0], "b"), table.cell(table.rows[0], "z")) == ("", "")
    table.put(table.rows[0], "b", "2")
    assert table.rows == [["1", "2"]]


NAMER = """
import sys
from pathlib import Path
from scripts.lib.clustering.naming import Named, give_name
file, me = Path(sys.argv[1]), int(sys.argv[2])
for turn in range(10):
    number = 10 * me + turn
    anchor = f"{number:064x}"
    named = Named(number, f"cluster {number}", 1, "a.jpg", anchor)
    give_name(file, named, f"name {number}", lambda anchors: {each: int(each, 16) for each in anchors})
"""


def test_processes_that_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cluster_names.csv"
    command = [sys.executable, "-c", NAMER, str(file)]
    writers = [subprocess.Popen([*command, str(each)], cwd=ROOT) for each in range(3)]
    assert [each.wait() for each in writers] == [0, 0, 0]
    assert sorted(each.name for each in read_given_names(file)) == sorted(f"name {i}" for i in range(30))
    rows = list(csv.reader(io.StringIO(file.read_text())))
    assert len(rows) == 31
