"""One table of everything: each file with what is known of its item, read by other programs as it is."""

from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.files.collection import Known, collection_table
from scripts.lib.files.content_ids import ID_TYPE

CATEGORIES = ["nature/beach", "dusk"]


def order_of(items: list[int]) -> pa.Table:
    count = len(items)
    paths = [f"p/{i}.jpg" for i in range(count)]
    return pa.table(
        {
            "position": pa.array(range(count), pa.int32()),
            "path": pa.array(paths, pa.string()),
            "path_bytes": pa.array([path.encode() for path in paths], pa.binary()),
            "absolute_path": pa.array([f"/home/{path}" for path in paths], pa.string()),
            "content_id": pa.array([bytes([i]) * 32 for i in range(count)], ID_TYPE),
            "item": pa.array(items, pa.int32()),
            "distance_to_next": pa.array([0.5] * (count - 1) + [None] * (count > 0), pa.float32()),
            "size": pa.array([10 * i for i in range(count)], pa.int64()),
            "mtime_ns": pa.array([10**9 * i + 1 for i in range(count)], pa.int64()),
        }
    )


def known(items: int, categories: bool = True) -> Known:
    axes = {axis: pa.array(np.arange(items, dtype=np.float32) + i) for i, axis in enumerate("xyzuv")}
    lesser = {"group": pa.array([4, 4], pa.int32()), "path_bytes": [b"p/2.jpg", b"p/0.jpg"]}
    probabilities = [[i / 10, 1 - i / 10] for i in range(items)]
    told = {
        "category": pa.array(["dusk"] * items, pa.string()),
        "probability": pa.array([1 - i / 10 for i in range(items)], pa.float32()),
        "categories": pa.array([["dusk"]] * items, pa.list_(pa.string())),
        "probabilities": pa.array(probabilities, pa.list_(pa.float32())),
    }
    return Known(
        clusters=pa.table({"cluster": pa.array([i - 1 for i in range(items)], pa.int32())}),
        names={-1: "unclustered", 0: "sea", 1: "city"},
        labels=pa.table({"label": pa.array([f"0{i}" for i in range(items)], pa.string())}),
        projection=pa.table(axes),
        duplicates=pa.table(lesser | {"keep": [False, True]}),
        categories=pa.table(told) if categories else None,
        category_names=CATEGORIES if categories else (),
    )


def test_each_file_has_what_is_known_of_its_item() -> None:
    rows = collection_table(order_of([2, 0, 2]), known(3)).to_pylist()
    first, second, third = rows
    assert [row["position"] for row in rows] == [0, 1, 2]
    assert (first["cluster"], first["cluster_name"], first["label"]) == (1, "city", "02")
    assert (second["cluster"], second["cluster_name"]) == (-1, "unclustered")
    assert [first[axis] for axis in "xyzuv"] == [2, 3, 4, 5, 6]
    assert (first["category"], first["categories"]) == ("dusk", ["dusk"])
    assert first["p_dusk"] == first["category_probability"] == np.float32(0.8)
    assert second["p_nature/beach"] == 0
    assert (first["duplicate_group"], first["duplicate_keep"]) == (4, True)
    assert (second["duplicate_group"], second["duplicate_keep"]) == (None, None)
    assert (third["duplicate_group"], third["duplicate_keep"]) == (4, False)
    assert (third["distance_to_next"], first["distance_to_next"]) == (None, 0.5)
    assert third["content_id"] == "02" * 32
    assert third["size"] == 20


def test_without_categories_there_are_no_columns_of_them() -> None:
    names = collection_table(order_of([0, 1]), known(2, categories=False)).column_names
    assert not [name for name in names if name.startswith(("categor", "p_"))]
    assert len(names) == len(set(names)) == 17


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_images(count: int) -> None:
    assert len(collection_table(order_of(list(range(count))), known(count))) == count


def test_other_programs_open_it(tmp_path: Path) -> None:
    file = tmp_path / "collection.parquet"
    pq.write_table(collection_table(order_of([0, 1, 2]), known(3)), file)
    query = "select cluster_name, count(*), max(mtime) from read_parquet(?) group by 1 order by 1"
    found = duckdb.execute(query, [str(file)]).fetchall()
    assert [row[:2] for row in found] == [("city", 1), ("sea", 1), ("unclustered", 1)]
    assert found[0][2] == datetime(1970, 1, 1, 0, 0, 2)
    frame = pq.read_table(file).to_pandas()
    assert list(frame["path"]) == ["p/0.jpg", "p/1.jpg", "p/2.jpg"]
