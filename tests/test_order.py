"""The order's table: every file once or rejected with a reason, equal contents side by side."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.embedding.embed import Outcome, manifest_table
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.files.order import harmless, order_table, read_reasons, rejected_rows
from scripts.lib.files.scan import Row, inventory_table
from scripts.lib.files.status import OK, UNDECODABLE


def identified(i: int) -> bytes:
    return bytes([i + 1]) * 31 + b"\0"


def row(path: str, content: int | None, status: str = OK, error: str | None = None) -> Row:
    content_id = None if content is None else identified(content)
    return Row(path, path.encode(), "", "image", 1, 1, content_id, "JPEG", 1, 1, status, error)


FILES = [
    row("a.jpg", 2),
    row("b.jpg", 0),
    row("bad.jpg", None, "unreadable", "gone"),
    row("c.jpg", 2),
    row("d.jpg", 1),
    row("e.jpg", 3),
    row("f.jpg", 2),
]
IDS = np.array([identified(i) for i in range(3)], ID_DTYPE)  # content 3 could not be embedded


def ordered(path: list[int]) -> pa.Table:
    links = np.arange(1, len(path), dtype=np.float32)
    return order_table(inventory_table(FILES), IDS, np.array(path, np.int32), links)


def test_equal_contents_are_adjacent_and_files_follow_the_path() -> None:
    table = ordered([1, 2, 0])
    assert table["path"].to_pylist() == ["d.jpg", "a.jpg", "c.jpg", "f.jpg", "b.jpg"]
    assert table["position"].to_pylist() == [0, 1, 2, 3, 4]
    assert table["distance_to_next"].to_pylist() == [1, 0, 0, 2, None]
    assert table["duplicate_group"].to_pylist() == [None, 0, 0, 0, None]
    assert table["item"].to_pylist() == [1, 2, 2, 2, 0]


@pytest.mark.parametrize("n", [0, 1])
def test_tiny_orders(n: int) -> None:
    table = order_table(
        inventory_table(FILES[1:2]), IDS[:n], np.arange(n, dtype=np.int32), np.empty(0, np.float32)
    )
    assert table["path"].to_pylist() == ["b.jpg"][:n]
    assert table["distance_to_next"].to_pylist() == [None] * n


def test_every_file_is_in_the_order_or_rejected(tmp_path: Path) -> None:
    outcome = Outcome(identified(3), UNDECODABLE, "truncated", None, None)
    pq.write_table(manifest_table([identified(3)], {identified(3): outcome}), tmp_path / "0.parquet")
    rejected = rejected_rows(inventory_table(FILES), read_reasons([tmp_path / "0.parquet"]))
    assert rejected == [
        ("bad.jpg", "image", "unreadable", "gone"),
        ("e.jpg", "image", UNDECODABLE, "truncated"),
    ]
    assert len(rejected) + len(ordered([0, 1, 2])) == len(FILES)


@pytest.mark.parametrize("cell", ["=1+1", "+x", "-x", "@x", "\tx"])
def test_no_cell_is_a_formula(cell: str, tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", newline="") as stream:
        csv.writer(stream).writerow([harmless(cell)])
    assert (tmp_path / "a.csv").read_text().lstrip('"')[0] == "'"
    assert harmless("a=b.jpg") == "a=b.jpg"
