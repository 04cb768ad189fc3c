"""How wide and high images are, as the scan saw them."""

import threading
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.files.content_ids import ids_array, positions_in
from scripts.lib.ordering.vectors import Ints
from scripts.lib.view.artifacts import Moving, intact
from scripts.lib.view.snapshot import Snapshot


class _Known(NamedTuple):
    """Sides of contents in pixels; ids : (c,) S32, ascending."""

    ids: np.ndarray
    widths: Ints
    heights: Ints


class Shapes:
    """The shapes of the snapshot that was asked for last; read when one is first needed."""

    def __init__(self) -> None:
        self._lock, self._table = threading.Lock(), ""
        self._known: _Known | None = None

    def of(self, snapshot: Snapshot, position: int) -> tuple[int, int] | None:
        """Return the width and the height of a file in pixels, None where they are not known."""
        known = self._known_of(snapshot)
        if known is None:
            return None
        row = int(positions_in(known.ids, snapshot.content_ids[position : position + 1])[0])
        return None if row < 0 else (int(known.widths[row]), int(known.heights[row]))

    def _known_of(self, snapshot: Snapshot) -> _Known | None:
        seen = snapshot.seen["inventory"]
        if seen.record is None:
            return None
        with self._lock:
            if self._table != seen.record.blake3:
                self._table = seen.record.blake3
                try:
                    columns = ["content_id", "width", "height"]
                    self._known = _known(pq.read_table(intact(seen), columns=columns))
                except (Moving, OSError, pa.ArrowException):  # a newer scan has replaced it
                    self._known = None
            return self._known


def _known(table: pa.Table) -> _Known:
    table = table.drop_null()
    ids = ids_array(table["content_id"])
    ids, rows = np.unique(ids, return_index=True)
    widths, heights = (
        table[side].to_numpy()[rows].clip(0, 2**31 - 1).astype(np.int32) for side in ("width", "height")
    )
    return _Known(ids, widths, heights)
