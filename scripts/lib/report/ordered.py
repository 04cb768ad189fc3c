"""The files of the order as a report names and finds them."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from scripts.lib.report.album import Album, Shot

COLUMNS = ["path", "path_bytes", "content_id", "item", "distance_to_next"]  # of order.parquet


@dataclass(frozen=True)
class Ordered:
    """The order, where its images lie, and the album that shows some of them.

    order : the table `order.parquet`, its `COLUMNS`
    copied : the table `copied.parquet`, by position; an original that was moved is found by it
    output : the folder that its targets lie in
    """

    order: pa.Table
    copied: pa.Table
    output: Path
    album: Album

    def __len__(self) -> int:
        return int(self.order.num_rows)

    def shot(self, row: int, size: str) -> Shot:
        """Ask for the image at a place of the order."""
        content, path = (self.order[name][row].as_py() for name in ("content_id", "path"))
        return self.album.take(Shot(content, size, path, row), self._files(row))

    def shots(self, rows: list[int], size: str) -> list[Shot]:
        """Ask for several images."""
        return [self.shot(row, size) for row in rows]

    def _files(self, row: int) -> list[bytes]:
        files = [self.order["path_bytes"][row].as_py()]
        positions = self.copied["position"].to_numpy()
        place = int(np.searchsorted(positions, row))
        if place < len(positions) and positions[place] == row:
            target = self.copied["target"][place].as_py()
            files += [os.path.join(os.fsencode(self.output), target)] if target else []
        return files
