"""The packed thumbnails of the snapshots that are shown, opened when the first is asked for."""

from scripts.lib.thumbnails.packed import PackedThumbnails
from scripts.lib.view.last_read import LastRead
from scripts.lib.view.snapshot import Snapshot


class Thumbnails:
    """Thumbnails by snapshot and place; any number of threads may ask for them."""

    def __init__(self) -> None:
        self._packed = LastRead("thumbnails", PackedThumbnails.open)

    def get(self, snapshot: Snapshot, position: int) -> bytes | None:
        """Return the thumbnail of a file; None if there is none, or the table has just been replaced."""
        packed = self._packed.of(snapshot)
        return packed.get(snapshot.content_id(position)) if packed else None
