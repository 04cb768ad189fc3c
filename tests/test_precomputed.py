"""The user's own vectors: every row either taken or named, known by the hash of its values."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blake3 import blake3

from scripts.lib.embedding import vector_files
from scripts.lib.embedding.embed import Embedded
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.precomputed import common_form, embed_precomputed, inventory
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes, ids_array
from scripts.lib.files.scan import INVENTORY
from scripts.lib.files.status import CHANGED, OK, UNDECODABLE
from tests.test_vector_files import LISTS, write_clip_retrieval, write_parquet

SURELY = 10**6  # one of so many rows is not forgotten by chance


def hash_of(vector: object) -> bytes:
    """Hash one vector, alone, as the definition has it."""
    with np.errstate(over="ignore"):
        single = np.asarray(vector, np.float32)
    return blake3(np.where(single == 0, np.float32(0), single).tobytes()).digest()


def wanted_of(source: Path) -> np.ndarray:
    table = inventory(source)
    return np.unique(ids_array(table.filter(pa.compute.equal(table["status"], OK))["content_id"]))


def embedded(source: Path, wanted: np.ndarray, dimension: int) -> dict[bytes, np.ndarray]:
    """Return the vectors by their content ids; each must be yielded once."""
    found: dict[bytes, np.ndarray] = {}
    for each in embed_precomputed(source, dimension, wanted):
        assert isinstance(each, Embedded)
        assert not found.keys() & set(id_bytes(each.ids))
        found.update(zip(id_bytes(each.ids), each.vectors, strict=True))
    return found


@pytest.mark.parametrize("kind", LISTS, ids=str)
def test_ids_are_hashes_of_single_precision_whatever_the_kind_of_list(
    tmp_path: Path, kind: pa.DataType
) -> None:
    given = [[1, 2], [3, 4], [0, 7], [1, 2]]
    source = write_parquet(tmp_path / "v.parquet", given, kind)
    table = inventory(source)
    assert table.schema == INVENTORY
    assert table["content_id"].to_pylist() == [hash_of(vector) for vector in given]
    found = embedded(source, wanted_of(source), 2)
    assert {content: vector.tolist() for content, vector in found.items()} == {
        hash_of(vector): vector for vector in given
    }


def test_rows_that_do_not_fit_keep_their_place_with_a_reason(tmp_path: Path) -> None:
    given = [[1.0, 2.0], [np.nan, 1.0], [1.0, np.inf], [1.0], None, [1e300, 0.0], [], [3.0, 4.0]]
    source = write_parquet(tmp_path / "v.parquet", given, pa.list_(pa.float64()))
    table = inventory(source)
    assert table["path"].to_pylist() == [f"{i}.jpg" for i in range(8)]
    assert table["status"].to_pylist() == [OK, *[UNDECODABLE] * 6, OK]
    errors = table["error"].to_pylist()
    assert [error is None for error in errors] == [True, *[False] * 6, True]
    for row in (1, 2, 5):
        assert "not finite" in errors[row]
    for row, length in ((3, 1), (4, 0), (6, 0)):
        assert errors[row] == f"has {length} values, most vectors have 2"
    assert table["content_id"].to_pylist() == [hash_of([] if v is None else v) for v in given]
    assert sorted(embedded(source, wanted_of(source), 2)) == sorted(map(hash_of, (given[0], given[-1])))


def test_vectors_that_are_missing_have_no_say_in_the_dimension(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "v.parquet", [None, None, [], [1.0, 2.0]])
    assert common_form(source).dimension == 2
    assert inventory(source)["status"].to_pylist() == [*[UNDECODABLE] * 3, OK]


def test_of_two_frequent_dimensions_the_smaller_is_taken(tmp_path: Path) -> None:
    source = write_parquet(
        tmp_path / "v.parquet", [[1.0, 2.0, 3.0], [1.0, 2.0], [1.0], [2.0, 3.0, 4.0], [2.0, 3.0]]
    )
    assert common_form(source).dimension == 2


def test_equal_vectors_are_one_content(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "v.parquet", [[0.0, 1.0], [-0.0, 1.0], [1.0, 1.0]])
    ids = inventory(source)["content_id"].to_pylist()
    assert ids[0] == ids[1] == hash_of([0.0, 1.0]) != ids[2]
    found = embedded(source, wanted_of(source), 2)
    assert len(found) == 2
    assert not np.signbit(found[ids[0]]).any()


@pytest.mark.parametrize("size", [1, 3, SURELY])
def test_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    random = np.random.default_rng(0)
    given = [random.integers(0, 3, 2 if i % 5 else 1).astype(float).tolist() for i in range(40)]
    source = write_parquet(tmp_path / "v.parquet", given)
    monkeypatch.setattr(vector_files, "BLOCK_ROWS", size)
    table = inventory(source)
    assert table["content_id"].to_pylist() == [hash_of(vector) for vector in given]
    found = embedded(source, wanted_of(source), 2)
    expected = {hash_of(vector): vector for vector in given if len(vector) == 2}
    assert {content: vector.tolist() for content, vector in found.items()} == expected


def test_contents_that_are_gone_are_named(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "v.parquet", [[0.0, 1.0], [0.0, 1.0], [1.0, 1.0]])
    lost = b"?" * 31 + b"\0"
    wanted = np.sort(np.append(wanted_of(source), np.array([lost], ID_DTYPE)))
    *found, failed = embed_precomputed(source, 2, wanted)
    assert sum(len(each.ids) for each in found) == 2
    assert failed == Failed(lost, CHANGED, f"{source} changed since the scan")


@pytest.mark.parametrize(
    ("kinds", "dtype"),
    [
        ((np.float16, np.float16), "float16"),
        ((np.float16, np.float32), "float32"),
        ((np.int8, np.uint8), "float16"),
        ((np.int16,), "float32"),
        ((np.float64,), "float32"),
    ],
)
def test_half_precision_where_nothing_is_lost(tmp_path: Path, kinds: tuple[type, ...], dtype: str) -> None:
    matrices = {str(i): np.full((2, 3), i, kind) for i, kind in enumerate(kinds)}
    assert common_form(write_clip_retrieval(tmp_path, matrices)) == (3, dtype)


def test_paths_that_are_not_utf8_are_readable_and_kept(tmp_path: Path) -> None:
    names = pa.array([b"a.jpg", b"\xff \n.jpg", None], pa.binary())
    table = pa.table({"path": names, "vector": [[1.0], [2.0], [3.0]]})
    pq.write_table(table, tmp_path / "v.parquet")
    found = inventory(tmp_path / "v.parquet")
    assert found["path"].to_pylist() == ["a.jpg", "\\xff \n.jpg", ""]
    assert found["path_bytes"].to_pylist() == [b"a.jpg", b"\xff \n.jpg", b""]


def test_an_empty_file_has_no_vectors(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "v.parquet", [])
    assert common_form(source) == (0, "float32")
    assert inventory(source).equals(INVENTORY.empty_table())
    assert list(embed_precomputed(source, 0, np.empty(0, ID_DTYPE))) == []
