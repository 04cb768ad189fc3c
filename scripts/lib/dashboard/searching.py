"""The engine of the snapshot that is searched, opened when it is first asked."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from scripts.lib.errors import InputError
from scripts.lib.view.artifacts import Moving, see_all
from scripts.lib.view.snapshot import Snapshot, generation_of

if TYPE_CHECKING:
    from scripts.lib.search.engine import Kind, SearchEngine


class Searching:
    """One engine at a time, which any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: SearchEngine | None = None
        self._generation = ""

    def engine(self, snapshot: Snapshot) -> SearchEngine:
        """Return the engine of a snapshot.

        Raises
        ------
        InputError, Moving
            when what it is made of can't be searched, or a sort has replaced it.
        """
        from scripts.lib.search.engine import SearchEngine  # late: decoding processes import this module

        with self._lock:
            if self._engine is None or self._generation != snapshot.generation:
                self._close()
                engine = SearchEngine.open(snapshot.results)
                if generation_of(see_all(snapshot.results)) != snapshot.generation:
                    engine.close()
                    raise Moving(
                        "There is a newer state of this collection; reload the page to search in it."
                    )
                self._engine, self._generation = engine, snapshot.generation
            return self._engine

    def refusal(self, snapshot: Snapshot, kind: Kind) -> str | None:
        """Return None where a kind of query can be answered, otherwise why not."""
        try:
            return self.engine(snapshot).can(kind)
        except (InputError, Moving) as error:
            return str(error)

    def end(self) -> None:
        """End the processes of the engine."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        with suppress(OSError):
            if self._engine is not None:
                self._engine.close()
        self._engine = None
