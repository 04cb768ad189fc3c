"""Rows of tables whose text is longer than Arrow's plain columns hold."""

import numpy as np
import pyarrow as pa
import pytest

from scripts.lib.files.taking import taken


def table_of(lengths: list[int]) -> pa.Table:
    """Return a table in two chunks, with text of these lengths."""
    texts = [chr(97 + i % 26) * length for i, length in enumerate(lengths)]
    data = [text.encode() for text in texts]
    whole = pa.table({"path": texts, "bytes": data, "size": lengths, "kind": [None] * len(texts)})
    return pa.concat_tables([whole.slice(0, 7), whole.slice(7)])


@pytest.mark.parametrize("largest", [1, 40, 500, 10**9])
@pytest.mark.parametrize("lengths", [[5] * 20, [0, 300] + [1] * 30, list(range(40))])
def test_blocks_hold_the_rows_that_arrow_would_take(lengths: list[int], largest: int) -> None:
    table = table_of(lengths)
    rows = np.random.default_rng(0).integers(0, len(lengths), 25)
    found = taken(table, rows, largest)
    assert found.schema == table.schema
    assert found.to_pylist() == table.take(pa.array(rows)).to_pylist()


def test_no_chunk_holds_more_than_it_may() -> None:
    table = table_of([0, 300, 200] + [10] * 60)
    found = taken(table, np.arange(len(table)), 400)
    assert max(chunk.nbytes for chunk in found["bytes"].chunks) <= 400 + 8 * len(table)
    assert found.equals(table)


def test_nothing_is_taken_of_anything() -> None:
    assert len(taken(table_of([9] * 20), np.empty(0, np.int64), largest=10)) == 0
    assert len(taken(table_of([]), np.empty(0, np.int64))) == 0
