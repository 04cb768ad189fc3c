"""What is read of an artifact when it is first needed, and kept until another one takes its place."""

import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import pyarrow as pa

from scripts.lib.view.artifacts import Moving, intact
from scripts.lib.view.snapshot import Snapshot

Content = TypeVar("Content")
UNREADABLE = (Moving, OSError, ValueError, KeyError, zipfile.BadZipFile, pa.ArrowException)


class LastRead(Generic[Content]):
    """The content of an artifact as the snapshot that was asked for last knows it; threads may share it.

    Parameters
    ----------
    artifact : a name in `KINDS`
    read : returns the content of the file
    """

    def __init__(self, artifact: str, read: Callable[[Path], Content]) -> None:
        self.artifact, self._read = artifact, read
        self._lock, self._checksum = threading.Lock(), ""
        self._content: Content | None = None

    def of(self, snapshot: Snapshot) -> Content | None:
        """Return the content; None where there is none, or a newer run has just replaced it."""
        seen = snapshot.seen[self.artifact]
        if seen.record is None:
            return None
        with self._lock:
            if self._checksum != seen.record.blake3:
                self._content, self._checksum = None, seen.record.blake3
                with suppress(*UNREADABLE):
                    self._content = self._read(intact(seen))
            return self._content
