"""How wide and high images are, as the scan saw them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.files.content_ids import ids_array, positions_in
from scripts.lib.ordering.vectors import Ints
from scripts.lib.view.last_read import LastRead
from scripts.lib.view.snapshot import Snapshot


class _Known(NamedTuple):
    """Sides of contents in pixels; ids : (c,) S32, ascending."""

    ids: np.ndarray
    widths: Ints
    heights: Ints


class Shapes:
    """Shapes by snapshot and place; any number of threads may ask for them."""

    def __init__(self) -> None:
        self._known = LastRead("inventory", _read)

    def of(self, snapshot: Snapshot, position: int) -> tuple[int, int] | None:
        """Return the width and the height of a file in pixels, None where they are not known."""
        known = self._known.of(snapshot)
        if known is None:
            return None
        row = int(positions_in(known.ids, snapshot.content_ids[position : position + 1])[0])
        return None if row < 0 else (int(known.widths[row]), int(known.heights[row]))


def _read(inventory: Path) -> _Known:
    table = pq.read_table(inventory, columns=["content_id", "width", "height"]).drop_null()
    ids = ids_array(table["content_id"])
    ids, rows = np.unique(ids, return_index=True)
    widths, heights = (
        table[side].to_numpy()[rows].clip(0, 2**31 - 1).astype(np.int32) for side in ("width", "height")
    )
    return _Known(ids, widths, heights)
