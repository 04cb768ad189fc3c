"""Equal vectors are one row: found like one by one, and taken out of the file in place."""

from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding import distinct
from scripts.lib.embedding.distinct import distinct_rows, keep_rows, row_digests


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_digests_are_equal_where_vectors_are(dtype: type) -> None:
    random = np.random.default_rng(0)
    rows = random.integers(-1, 2, (60, 3)).astype(dtype) * dtype(0.5)
    rows[::2] = -rows[::2]  # makes negative zeros
    assert np.signbit(rows[rows == 0]).any()
    before = rows.copy()
    found = row_digests(rows)
    equal = (rows[:, None] == rows[None]).all(axis=2)
    np.testing.assert_array_equal(found[:, None] == found[None], equal)
    np.testing.assert_array_equal(np.signbit(rows), np.signbit(before))


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_rows_are_numbered_by_the_first_of_each(count: int) -> None:
    digests = np.random.default_rng(count).integers(0, 9, count).astype("S32")
    seen: dict[bytes, int] = {}
    expected = [seen.setdefault(digest, len(seen)) for digest in digests.tolist()]
    found = distinct_rows(digests)
    assert found.item.tolist() == expected
    assert found.kept.tolist() == [expected.index(number) for number in range(len(seen))]


@pytest.mark.parametrize("block_bytes", [1, 20, 1 << 20])
@pytest.mark.parametrize("kept", [[0], [9], [0, 1, 5, 9], [3, 4, 5, 6, 7, 8, 9]])
def test_a_shortened_matrix_is_the_file_that_numpy_would_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: list[int], block_bytes: int
) -> None:
    monkeypatch.setattr(distinct, "BLOCK_BYTES", block_bytes)
    matrix = np.arange(30, dtype=np.float16).reshape(10, 3)
    np.save(tmp_path / "a.npy", matrix)
    np.save(tmp_path / "b.npy", matrix[kept])
    keep_rows(tmp_path / "a.npy", np.array(kept))
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
