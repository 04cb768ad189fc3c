"""Exports are read by other programs as they were meant."""

import csv
from pathlib import Path

import duckdb
import pandas
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from scripts.lib.files.content_ids import ids_column
from scripts.lib.files.exports import harmless, write_csv, write_list
from tests.test_places import identified

NAMES = ["a.jpg", 'say "hi", now.jpg', "new\nline.jpg", "back\rhere.jpg", "Übung 日本 🌊.webp", "", "a;b\tc"]


def table(names: list[str]) -> pa.Table:
    count = len(names)
    return pa.table(
        {
            "position": pa.array(range(count), pa.int32()),
            "path": names,
            "path_bytes": [name.encode() for name in names],
            "content_id": ids_column(identified(*range(count))),
            "distance_to_next": pa.array([0.1, *[None] * (count - 1)][:count], pa.float32()),
            "duplicate_group": pa.array([None] * count, pa.int32()),
        }
    )


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_csv_is_read_back_as_it_was(tmp_path: Path) -> None:
    given = table(NAMES)
    write_csv(given, tmp_path / "a.csv")
    cells = read(tmp_path / "a.csv")
    assert [cell["path"] for cell in cells] == NAMES
    assert [int(cell["position"]) for cell in cells] == list(range(len(NAMES)))
    assert [cell["content_id"] for cell in cells] == [i.hex() for i in given["content_id"].to_pylist()]
    assert pa.scalar(float(cells[0]["distance_to_next"]), pa.float32()) == given["distance_to_next"][0]
    assert {cell["duplicate_group"] for cell in cells} == {""}
    assert list(cells[0]) == [name for name in given.column_names if name != "path_bytes"]
    options = pacsv.ParseOptions(newlines_in_values=True)
    assert pacsv.read_csv(tmp_path / "a.csv", parse_options=options)["path"].to_pylist() == NAMES


def test_an_empty_table_is_a_header(tmp_path: Path) -> None:
    write_csv(table([]), tmp_path / "a.csv")
    assert read(tmp_path / "a.csv") == []
    assert "position" in (tmp_path / "a.csv").read_text()


@pytest.mark.parametrize("cell", ["=1+1", "+x", "-x", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell: str, tmp_path: Path) -> None:
    write_csv(table([cell]), tmp_path / "a.csv")
    assert read(tmp_path / "a.csv")[0]["path"] == f"'{cell}"


def test_other_cells_stay_as_they_are() -> None:
    cells = ["a=b.jpg", "1-2", "\n=x", "'", "", None, "^", "]", "["]
    assert harmless(pa.array(cells)).to_pylist() == cells


def test_a_list_has_one_path_a_line(tmp_path: Path) -> None:
    paths = pa.chunked_array([[b"a.jpg", b"\xff\xfe.jpg"], [b"two\nlines\n.jpg"]])
    assert write_list(paths, tmp_path / "a.txt") == 1
    assert (tmp_path / "a.txt").read_bytes() == b"a.jpg\n\xff\xfe.jpg\ntwo\\nlines\\n.jpg\n"


def test_an_empty_list_is_empty(tmp_path: Path) -> None:
    assert write_list(pa.chunked_array([], pa.binary()), tmp_path / "a.txt") == 0
    assert (tmp_path / "a.txt").read_bytes() == b""


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_pandas_reads_the_same(tmp_path: Path, name: str) -> None:
    given = table(NAMES)
    pq.write_table(given, tmp_path / "a.parquet")
    write_csv(given, tmp_path / "a.csv")
    if name == "a.csv":
        found = pandas.read_csv(tmp_path / name, keep_default_na=False)
    else:
        found = pandas.read_parquet(tmp_path / name)
    assert found["path"].tolist() == NAMES
    assert found["position"].tolist() == list(range(len(NAMES)))


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_duckdb_reads_the_same(tmp_path: Path, name: str) -> None:
    given = table(NAMES)
    pq.write_table(given, tmp_path / "a.parquet")
    write_csv(given, tmp_path / "a.csv")
    query = f"select path, position, distance_to_next from '{tmp_path / name}' order by position"
    paths, positions, distances = zip(*duckdb.sql(query).fetchall(), strict=True)
    assert [path or "" for path in paths] == NAMES
    assert list(positions) == list(range(len(NAMES)))
    assert distances[0] == pytest.approx(0.1)
    assert set(distances[1:]) == {None}
