"""Which file stands for an item: the first in the order."""

import os

import numpy as np
import pyarrow as pa


class FirstFiles:
    """The first file of each item in the order, where it has one.

    rows : (n,) int64, rows of the table `order.parquet`, -1 for none
    counts : (n,) int64, how many files each item has
    """

    def __init__(self, order: pa.Table, items: int) -> None:
        self.order, numbers = order, order["item"].to_numpy()
        self.rows = np.full(items, -1, np.int64)
        self.rows[numbers[::-1]] = np.arange(len(numbers))[::-1]
        self.counts = np.bincount(numbers, minlength=items)

    def path(self, item: int) -> str | None:
        """Return the readable path of an item's first file."""
        row = int(self.rows[item])
        return None if row < 0 else str(self.order["path"][row].as_py())

    def file(self, item: int) -> bytes:
        """Return the path to open; that of an item without a file is empty."""
        row = int(self.rows[item])
        return b"" if row < 0 else bytes(os.fsencode(self.order["path_bytes"][row].as_py()))
