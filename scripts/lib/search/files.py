"""The files of a collection in their order, and how one of them is named."""

import os
import string
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.embedding.gather import Items
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import CONTENT_ID_BYTES
from scripts.lib.files.first_files import FirstFiles
from scripts.lib.files.paths import readable

LEAST_DIGITS, ID_DIGITS = 6, 2 * CONTENT_ID_BYTES  # of the beginning of a content id, and of all of it
TOLD = 5  # images that are named where a name fits several


class CollectionFiles:
    """The files in their order.

    Parameters
    ----------
    order : the file `order.parquet`
    items : the contents, and the item of each
    base : the folder that relative paths begin at
    """

    def __init__(self, order: Path, items: Items, base: Path) -> None:
        table = pq.read_table(order, columns=["path", "path_bytes", "item"])
        self.table, self.contents, self.base = table, items, base
        self.items = int(items.rows.max(initial=-1)) + 1
        self.first = FirstFiles(table, self.items)

    def position(self, item: int) -> int:
        """Return the place of an item's first file in the order."""
        return int(self.first.rows[item])

    def path(self, item: int) -> str:
        """Return the readable path of an item's first file."""
        return self.first.path(item) or ""

    def count(self, item: int) -> int:
        """Return how many files an item has."""
        return int(self.first.counts[item])

    def file(self, item: int) -> bytes:
        """Return the path to open of an item's first file."""
        return os.path.join(os.fsencode(self.base), self.first.file(item))

    def item_named(self, name: str) -> int:
        """Return the item that a user means.

        name : a path as in the order, `#` and a position, a content id or its beginning, or the end of a path

        Raises
        ------
        InputError
            where there is none, or several.
        """
        if not name:
            raise InputError("The name of the image is empty.")
        for find in (self._by_path, self._by_position, self._by_content, self._by_end):
            found = find(name)
            if len(found) == 1:
                return int(found[0])
            if len(found) > 1:
                raise self._ambiguous(name, found)
        raise InputError(
            f"No image of the collection is called '{name}'. Name one by its path, or the end of it, by "
            "#POSITION, or by the beginning of its content id, as order.csv has them."
        )

    def _by_path(self, name: str) -> np.ndarray:
        wanted = {readable(name), readable(os.path.relpath(name, self.base)), readable(os.path.abspath(name))}
        return self._items_where(pc.is_in(self.table["path"], pa.array(sorted(wanted))))

    def _by_position(self, name: str) -> np.ndarray:
        digits = name.removeprefix("#")
        if digits == name or not (digits.isascii() and digits.isdigit()):
            return np.empty(0, np.int64)
        if int(digits) >= len(self.table):
            raise InputError(
                f"There is no position {name}: the order has {len(self.table):,} files, from #0 on."
            )
        rows: np.ndarray = self.table["item"].take([int(digits)]).to_numpy()
        return rows

    def _by_content(self, name: str) -> np.ndarray:
        digits = name.lower()
        if not LEAST_DIGITS <= len(digits) <= ID_DIGITS or not set(digits) <= set(string.hexdigits):
            return np.empty(0, np.int64)
        ids = self.contents.content_ids
        least, most = (np.bytes_(bytes.fromhex(digits.ljust(ID_DIGITS, filling))) for filling in "0f")
        among = slice(np.searchsorted(ids, least), np.searchsorted(ids, most, side="right"))
        found: np.ndarray = np.unique(self.contents.rows[among])
        present: np.ndarray = found[self.first.rows[found] >= 0]
        return present

    def _by_end(self, name: str) -> np.ndarray:
        return self._items_where(pc.ends_with(self.table["path"], "/" + readable(name).removeprefix("./")))

    def _items_where(self, rows: pa.ChunkedArray) -> np.ndarray:
        return np.unique(self.table["item"].filter(rows).to_numpy())

    def _ambiguous(self, name: str, found: np.ndarray) -> InputError:
        told = [f"{self.path(item)} (#{self.position(item)})" for item in found[:TOLD].tolist()]
        more = f" and {len(found) - TOLD:,} more" if len(found) > TOLD else ""
        return InputError(f"'{name}' may be any of {', '.join(told)}{more}. Name one by #POSITION.")
