"""The user's own vectors: both layouts, and every row either taken or named."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.embedding.precomputed import (
    common_dimension,
    embed_precomputed,
    inventory_rows,
    judged,
)
from scripts.lib.errors import InputError
from scripts.lib.files.status import CHANGED, OK, UNDECODABLE


def write_parquet(path: Path, vectors: list[list[float] | None], kind: pa.DataType | None = None) -> Path:
    names = [f"{i}.jpg" for i in range(len(vectors))]
    column = pa.array(vectors, kind or pa.list_(pa.float32()))
    pq.write_table(pa.table({"path": names, "vector": column}), path)
    return path


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float32()),
        pa.list_(pa.float64()),
        pa.list_(pa.float32(), 2),
        pa.large_list(pa.float64()),
        pa.list_(pa.int64()),
    ],
)
def test_reads_every_kind_of_list(tmp_path: Path, kind: pa.DataType) -> None:
    source = write_parquet(tmp_path / "v.parquet", [[1, 2], [3, 4]], kind)
    vectors = [each.vector for each in judged(source, common_dimension(source))]
    np.testing.assert_array_equal(vectors, np.array([[1, 2], [3, 4]], np.float32))


def test_reads_a_clip_retrieval_folder_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    (tmp_path / "img_emb").mkdir()
    (tmp_path / "metadata").mkdir()
    for number in (0, 2, 10):
        np.save(tmp_path / "img_emb" / f"img_emb_{number}.npy", np.full((2, 3), number, np.float16))
        table = pa.table({"image_path": [f"{number}/a.jpg", f"{number}/b.jpg"]})
        pq.write_table(table, tmp_path / "metadata" / f"metadata_{number}.parquet")
    rows = list(judged(tmp_path, common_dimension(tmp_path)))
    assert [row.path for row in rows][::2] == [b"0/a.jpg", b"2/a.jpg", b"10/a.jpg"]
    assert [row.vector[0] for row in rows][::2] == [0, 2, 10]


def test_rows_that_do_not_fit_keep_their_place_with_a_reason(tmp_path: Path) -> None:
    given = [[1.0, 2.0], [np.nan, 1.0], [1.0, np.inf], [1.0], None, [1e300, 0.0], [3.0, 4.0]]
    source = write_parquet(tmp_path / "v.parquet", given, pa.list_(pa.float64()))
    rows = inventory_rows(source, common_dimension(source))
    assert [row.path for row in rows] == [f"{i}.jpg" for i in range(7)]
    assert [row.status for row in rows] == [OK, *[UNDECODABLE] * 5, OK]
    assert "not finite" in str(rows[1].error)
    assert "has 1 values, most vectors have 2" in str(rows[3].error)


def test_equal_vectors_are_one_content(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "v.parquet", [[0.0, 1.0], [-0.0, 1.0], [1.0, 1.0]])
    ids = [row.content_id for row in inventory_rows(source, 2)]
    assert ids[0] == ids[1] != ids[2]


def test_the_wanted_vectors_are_yielded_once_and_the_lost_are_named(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "v.parquet", [[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]])
    wanted = {row.content_id for row in inventory_rows(source, 2) if row.content_id}
    answers = list(embed_precomputed(source, 2, wanted | {b"?" * 32}))
    assert [each.status for each in answers] == [OK, OK, CHANGED]


def test_an_empty_file_has_no_vectors(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "v.parquet", [])
    assert common_dimension(source) == 0
    assert inventory_rows(source, 0) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no parquet", "no Parquet file"),
        (None, "there is nothing at"),
        (pa.table({"file": ["a"], "vector": [[1.0]]}), r"no column path; it has file, vector"),
        (pa.table({"path": ["a"], "vector": [1.0]}), "not lists of numbers"),
        (pa.table({"path": ["a"], "vector": [["x"]]}), "not of numbers"),
        (pa.table({"path": [1], "vector": [[1.0]]}), "not text"),
    ],
)
def test_other_input_is_refused_with_what_is_wrong(tmp_path: Path, content: object, message: str) -> None:
    source = tmp_path / "v.parquet"
    if isinstance(content, bytes):
        source.write_bytes(content)
    elif content is not None:
        pq.write_table(content, source)
    with pytest.raises(InputError, match=message):
        common_dimension(source)


def test_a_folder_without_matrices_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no clip-retrieval folder"):
        common_dimension(tmp_path)
