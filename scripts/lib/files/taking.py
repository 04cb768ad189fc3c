"""Rows of tables in which a column of text has more than two gigabytes.

Offsets in Arrow's plain columns of text have 32 bits, and to take rows puts all chunks of a column into one
first: with paths of 90 bytes that fails from 24 million files on. Wide columns bear it, and what is taken of
them is handed out in parts of the plain type, so that tables and files stay what they are.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

LARGEST = 2**31 - 1  # bytes of text in one chunk
WIDE = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}


def taken(table: pa.Table, rows: np.ndarray, largest: int = LARGEST) -> pa.Table:
    """Return rows of a table, as `Table.take` does, however long its text is.

    rows : (m,) int64
    largest : bytes of a column from which on it is taken by blocks
    """
    size = _longest(table)
    if size <= largest:
        return table.take(pa.array(rows))
    fields = [field.with_type(WIDE.get(field.type, field.type)) for field in table.schema]
    wide = table.cast(pa.schema(fields))
    expected = size * len(rows) // len(table)
    blocks = np.array_split(rows, max(1, -(-expected // largest)))
    parts = (part for block in blocks for part in _parts(wide, block, largest))
    return pa.concat_tables(part.cast(table.schema) for part in parts)


def _parts(wide: pa.Table, rows: np.ndarray, largest: int) -> Iterator[pa.Table]:
    """Yield rows in parts that plain columns can hold."""
    part = wide.take(pa.array(rows))
    if _longest(part) <= largest or len(rows) < 2:
        yield part
    else:
        yield from _parts(wide, rows[: len(rows) // 2], largest)
        yield from _parts(wide, rows[len(rows) // 2 :], largest)


def _longest(table: pa.Table) -> int:
    """Return the bytes of the largest column."""
    return max((column.nbytes for column in table.columns), default=0)
