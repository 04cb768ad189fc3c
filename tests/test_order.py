"""The order's table: every file once, equal contents and equal vectors side by side."""

import csv
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.embedding.gather import Items
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.files.order import order_table
from scripts.lib.files.scan import Row, inventory_table
from scripts.lib.files.status import OK
from tests.conftest import Workflow


def identified(*numbers: int) -> np.ndarray:
    return np.array([bytes([i + 1]) * 31 + b"\0" for i in numbers], ID_DTYPE)


def row(path: str, content: int | None, status: str = OK, error: str | None = None) -> Row:
    content_id = None if content is None else bytes([content + 1]) * 31 + b"\0"
    return Row(path, path.encode(), "", "image", 1, 1, content_id, "JPEG", 1, 1, status, error)


def items(rows: list[int]) -> Items:
    """Return items whose contents are 0, 1, 2, ..."""
    return Items(np.array(rows, np.int32), identified(*range(len(rows))))


FILES = [
    row("a.jpg", 2),
    row("b.jpg", 0),
    row("bad.jpg", None, "unreadable", "gone"),
    row("c.jpg", 2),
    row("d.jpg", 1),
    row("e.jpg", 3),
    row("f.jpg", 2),
]
CONTENTS = identified(0, 1, 2)  # content 3 could not be embedded


def ordered(path: list[int], files: list[Row] = FILES, rows: list[int] | None = None) -> pa.Table:
    links = np.arange(1, len(path), dtype=np.float32)
    items_ = items([0, 1, 2] if rows is None else rows)
    return order_table(inventory_table(files), items_, np.array(path, np.int32), links)


def test_equal_contents_are_adjacent_and_files_follow_the_path() -> None:
    table = ordered([1, 2, 0])
    assert table["path"].to_pylist() == ["d.jpg", "a.jpg", "c.jpg", "f.jpg", "b.jpg"]
    assert table["position"].to_pylist() == [0, 1, 2, 3, 4]
    assert table["distance_to_next"].to_pylist() == [1, 0, 0, 2, None]
    assert table["duplicate_group"].to_pylist() == [None, 0, 0, 0, None]
    assert table["item"].to_pylist() == [1, 2, 2, 2, 0]


def test_equal_vectors_are_adjacent_by_the_first_path_of_each_content() -> None:
    files = [row("z.png", 0), row("b.bmp", 1), row("x.bmp", 1), row("a.gif", 2), row("y.gif", 2), row("c", 3)]
    table = ordered([1, 0], files, rows=[0, 0, 0, 1])
    assert table["path"].to_pylist() == ["c", "a.gif", "y.gif", "b.bmp", "x.bmp", "z.png"]
    assert table["item"].to_pylist() == [1, 0, 0, 0, 0, 0]
    assert table["distance_to_next"].to_pylist() == [1, 0, 0, 0, 0, None]
    assert table["duplicate_group"].to_pylist() == [None, 0, 0, 1, 1, None]


def test_the_order_does_not_depend_on_the_order_of_the_inventory() -> None:
    rows = [0, 0, 1]
    shuffled = [FILES[i] for i in np.random.default_rng(0).permutation(len(FILES))]
    assert ordered([1, 0], FILES, rows).equals(ordered([1, 0], shuffled, rows))


@pytest.mark.parametrize("n", [0, 1])
def test_tiny_orders(n: int) -> None:
    table = ordered(list(range(n)), FILES[1:2], rows=list(range(n)))
    assert table["path"].to_pylist() == ["b.jpg"][:n]
    assert table["distance_to_next"].to_pylist() == [None] * n
    assert table["duplicate_group"].to_pylist() == [None] * n
    assert table.schema == ordered([1, 2, 0]).schema


def test_the_columns_are_of_plain_types() -> None:
    kinds = {str(field.type) for field in ordered([1, 2, 0]).schema}
    assert kinds <= {"int32", "int64", "float", "string", "binary", "fixed_size_binary[32]"}


def test_absolute_paths_are_those_of_images_and_videos() -> None:
    files = [row("a.jpg", 0), row("/b.jpg", 1), row("c.jpg", 2)._replace(kind="vector")]
    found = ordered([0, 1, 2], files)["absolute_path"].to_pylist()
    assert found == [os.path.abspath("a.jpg"), "/b.jpg", "c.jpg"]
    films = [each._replace(kind="video") for each in files[:2]]
    assert ordered([0, 1, 2], films)["absolute_path"].to_pylist() == [os.path.abspath("a.jpg"), "/b.jpg"]


def test_the_stage_writes_the_order_for_other_programs_and_from_its_end(collection: Workflow) -> None:
    (collection.images / "a twin.jpg").write_bytes((collection.images / "image 3.jpg").read_bytes())
    collection.run()
    forth = pq.read_table(collection.model / "order.parquet")
    assert not (collection.model / "order.txt").exists()
    settings = {"order_reverse": "true", "order_list": "true"}
    assert set(collection.jobs(**settings)) == {"order", "quality", "plan", "copy"}
    back = pq.read_table(collection.model / "order.parquet")
    assert (collection.model / "order.txt").read_bytes().splitlines() == back["path_bytes"].to_pylist()
    with (collection.model / "order.csv").open(newline="", encoding="utf-8") as stream:
        cells = list(csv.DictReader(stream))
    assert [cell["path"] for cell in cells] == back["path"].to_pylist()
    assert all(os.path.exists(path) for path in back["absolute_path"].to_pylist())
    assert list(dict.fromkeys(back["item"].to_pylist()))[::-1] == list(
        dict.fromkeys(forth["item"].to_pylist())
    )
    lengths, turned = ([d for d in t["distance_to_next"].to_pylist() if d] for t in (forth, back))
    assert turned == lengths[::-1]
    assert collection.jobs(**settings) == {}
    collection.run("order")
    assert not (collection.model / "order.txt").exists(), "it would be of another order"
    assert pq.read_table(collection.model / "order.parquet").equals(forth)
