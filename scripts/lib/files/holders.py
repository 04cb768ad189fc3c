"""Which files hold a content: the inventory the other way round."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.files.content_ids import ids_array, positions_in
from scripts.lib.files.status import OK
from scripts.lib.files.taking import taken


class Holders:
    """The files of some contents, kept as columns.

    Parameters
    ----------
    paths : (m,) binary, sorted by content
    bounds : (n + 1,) int64; the files of content i are `paths[bounds[i]:bounds[i + 1]]`
    """

    def __init__(self, paths: pa.ChunkedArray, bounds: np.ndarray) -> None:
        self.paths, self.bounds = paths, bounds

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, row: int) -> list[bytes]:
        """Return the files of content `row`, in the inventory's order."""
        start, stop = self.bounds[row : row + 2]
        paths: list[bytes] = self.paths[start:stop].to_pylist()
        return paths


def usable_contents(inventory: Path) -> np.ndarray:
    """Return every content that a usable file holds: (n,) S32, ascending."""
    table = pq.read_table(inventory, columns=["content_id", "status"]).filter(pc.field("status") == OK)
    return np.unique(ids_array(table["content_id"]))


def holders_of(inventory: Path, contents: np.ndarray) -> Holders:
    """Return the usable files that hold each of the contents (n,) S32, ascending."""
    table = pq.read_table(inventory, columns=["content_id", "path_bytes", "status"])
    table = table.filter(pc.field("status") == OK)
    position = positions_in(contents, ids_array(table["content_id"]))
    by_content = np.argsort(position, kind="stable")
    by_content = by_content[np.count_nonzero(position < 0) :]
    paths = taken(table.select(["path_bytes"]), by_content)["path_bytes"]
    return Holders(paths, np.searchsorted(position[by_content], np.arange(len(contents) + 1)))
