"""Files of vectors: both layouts, whatever the kind of list, block by block."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.embedding import vector_files
from scripts.lib.embedding.vector_files import Block, blocks
from scripts.lib.errors import InputError

LISTS = [
    pa.list_(pa.float16()),
    pa.list_(pa.float32()),
    pa.list_(pa.float64()),
    pa.list_(pa.float32(), 2),
    pa.list_(pa.float16(), 2),
    pa.large_list(pa.float64()),
    pa.list_(pa.int64()),
    pa.list_(pa.uint8()),
]


def write_parquet(path: Path, vectors: list[list[float] | None], kind: pa.DataType | None = None) -> Path:
    names = [f"{i}.jpg" for i in range(len(vectors))]
    column = pa.array(vectors, kind or pa.list_(pa.float32()))
    pq.write_table(pa.table({"path": names, "vector": column}), path)
    return path


def write_clip_retrieval(folder: Path, matrices: dict[str, np.ndarray]) -> Path:
    """Write a matrix and its table of paths for each number."""
    for name in ("img_emb", "metadata"):
        (folder / name).mkdir(parents=True)
    for number, matrix in matrices.items():
        np.save(folder / "img_emb" / f"img_emb_{number}.npy", matrix)
        table = pa.table({"image_path": [f"{number}/{row}.jpg" for row in range(len(matrix))]})
        pq.write_table(table, folder / "metadata" / f"metadata_{number}.parquet")
    return folder


def rows(found: list[Block]) -> list[tuple[bytes, list[float]]]:
    return [
        (path, block.values[start:stop].tolist())
        for block in found
        for path, start, stop in zip(block.paths.to_pylist(), block.starts, block.stops, strict=True)
    ]


@pytest.mark.parametrize("kind", LISTS, ids=str)
def test_reads_every_kind_of_list(tmp_path: Path, kind: pa.DataType) -> None:
    source = write_parquet(tmp_path / "v.parquet", [[1, 2], None, [3, 4]], kind)
    found = list(blocks(source))
    assert rows(found) == [(b"0.jpg", [1, 2]), (b"1.jpg", []), (b"2.jpg", [3, 4])]
    assert found[0].values.dtype == kind.value_type.to_pandas_dtype()


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float32(), 3)], ids=str)
def test_blocks_hold_all_rows_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: pa.DataType
) -> None:
    monkeypatch.setattr(vector_files, "BLOCK_ROWS", 4)
    given = [[i, i + 1, i + 2] if i % 3 else None for i in range(23)]
    table = pa.table({"path": [str(i) for i in range(23)], "vector": pa.array(given, kind)})
    pq.write_table(table, tmp_path / "v.parquet", row_group_size=7)
    found = list(blocks(tmp_path / "v.parquet"))
    assert len(found) > 4
    assert rows(found) == [(b"%d" % i, each or []) for i, each in enumerate(given)]


@pytest.mark.parametrize("number", [pa.float16(), pa.float32(), pa.int64()], ids=str)
def test_a_null_among_the_numbers_is_no_number(tmp_path: Path, number: pa.DataType) -> None:
    source = write_parquet(tmp_path / "v.parquet", [[1, None], [3, 4]], pa.list_(number))
    (block,) = blocks(source)
    np.testing.assert_array_equal(block.values, np.array([1, np.nan, 3, 4], np.float32))


@pytest.mark.parametrize(
    "names",
    [
        pa.array(["a", None], pa.string()),
        pa.array([b"a", None], pa.binary()),
        pa.array(["a", None], pa.large_string()),
        pa.array(["a", None], pa.string_view()),
        pa.array(["a", None]).dictionary_encode(),
    ],
    ids=lambda names: str(names.type),
)
def test_paths_may_be_any_text_and_may_be_missing(tmp_path: Path, names: pa.Array) -> None:
    table = pa.table({"vector": [[1.0], [2.0]], "path": names})
    pq.write_table(table, tmp_path / "v.parquet")
    assert rows(list(blocks(tmp_path / "v.parquet"))) == [(b"a", [1]), (b"", [2])]


@pytest.mark.parametrize("numbers", [("0", "2", "10"), ("00", "02", "10")])
def test_a_clip_retrieval_folder_is_read_in_the_order_of_its_numbers(
    tmp_path: Path, numbers: tuple[str, ...]
) -> None:
    matrices = {number: np.full((2, 3), int(number), np.float16) for number in reversed(numbers)}
    found = list(blocks(write_clip_retrieval(tmp_path, matrices)))
    expected = [(f"{n}/{row}.jpg".encode(), [int(n)] * 3) for n in numbers for row in range(2)]
    assert rows(found) == expected
    assert {block.values.dtype for block in found} == {np.dtype(np.float16)}


def test_large_matrices_are_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_files, "BLOCK_ROWS", 4)
    matrix = np.asfortranarray(np.arange(18, dtype=np.float64).reshape(9, 2))
    found = list(blocks(write_clip_retrieval(tmp_path, {"0": matrix, "1": np.empty((0, 2))})))
    assert [len(block.paths) for block in found] == [4, 4, 1]
    assert [vector for _, vector in rows(found)] == matrix.tolist()


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.zeros((2, 3), bool), "not numbers"),
        (np.zeros(3, np.float32), r"has shape \(3,\)"),
        (np.zeros((3, 2, 2), np.float32), r"has shape \(3, 2, 2\)"),
    ],
)
def test_matrices_of_something_else_are_refused(tmp_path: Path, matrix: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(blocks(write_clip_retrieval(tmp_path, {"0": matrix})))


def test_a_matrix_with_more_rows_than_paths_is_refused(tmp_path: Path) -> None:
    write_clip_retrieval(tmp_path, {"0": np.zeros((2, 3))})
    np.save(tmp_path / "img_emb" / "img_emb_0.npy", np.zeros((5, 3)))
    with pytest.raises(InputError, match=r"has shape \(5, 3\), .* 2 rows"):
        list(blocks(tmp_path))


def test_a_matrix_without_its_table_is_named(tmp_path: Path) -> None:
    write_clip_retrieval(tmp_path, {"0": np.zeros((2, 3))})
    np.save(tmp_path / "img_emb" / "img_emb_7.npy", np.zeros((5, 3)))
    with pytest.raises(InputError, match=r"img_emb_7\.npy with .*metadata_7\.parquet can't be read"):
        list(blocks(tmp_path))


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
        list(blocks(source))


def test_a_file_that_breaks_off_is_named(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "v.parquet", [[float(i), 1.0] for i in range(5000)])
    data = bytearray(source.read_bytes())
    data[20_000:40_000] = bytes(20_000)
    source.write_bytes(data)
    with pytest.raises(InputError, match="can't be read to its end"):
        list(blocks(source))


def test_a_folder_without_matrices_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no clip-retrieval folder"):
        list(blocks(tmp_path))
