"""The packed thumbnails of the snapshots that are shown, opened when the first is asked for."""

import threading

import pyarrow as pa

from scripts.lib.thumbnails.packed import PackedThumbnails
from scripts.lib.view.artifacts import Moving, intact
from scripts.lib.view.snapshot import Snapshot


class Thumbnails:
    """Thumbnails by snapshot and place; any number of threads may ask for them."""

    def __init__(self) -> None:
        self._lock, self._table = threading.Lock(), ""
        self._packed: PackedThumbnails | None = None

    def get(self, snapshot: Snapshot, position: int) -> bytes | None:
        """Return the thumbnail of a file; None if there is none, or the table has just been replaced."""
        packed = self._packed_of(snapshot)
        return packed.get(snapshot.content_id(position)) if packed else None

    def _packed_of(self, snapshot: Snapshot) -> PackedThumbnails | None:
        seen = snapshot.seen["thumbnails"]
        if seen.record is None:
            return None
        with self._lock:
            if self._table != seen.record.blake3:
                self._table = seen.record.blake3
                try:
                    self._packed = PackedThumbnails.open(intact(seen))
                except (Moving, OSError, pa.ArrowException):
                    self._packed = None
            return self._packed
