"""The snapshot that the dashboard shows, with the names given by now, and whether there is a newer one."""

import threading
import time
from contextlib import suppress

from scripts.lib.errors import SeriatimError
from scripts.lib.view.artifacts import Moving, see_all
from scripts.lib.view.given import State, names_file, state_of, with_given_names
from scripts.lib.view.results import Results
from scripts.lib.view.snapshot import Snapshot, generation_of, load_snapshot

LOOK_SECONDS = 2.0  # between two looks at the disk, however many browsers ask
TRIES, PAUSE_SECONDS = 3, 0.3  # to load what is being replaced
KEPT_FILES = 250_000  # the last snapshot is kept beside the present one if it has no more files


class Library:
    """Snapshots of one collection; its methods may be called by several threads."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self._lock, self._loading = threading.Lock(), threading.Lock()
        self._snapshots: list[Snapshot] = []  # the newest first
        self._newest, self._looked = "", 0.0
        self._named: dict[str, tuple[State, Snapshot]] = {}  # with the user's names, by generation

    @property
    def current(self) -> Snapshot | None:
        """Return the snapshot that is shown to whoever comes; None before the first order."""
        with self._lock:
            return self._with_names(self._snapshots[0]) if self._snapshots else None

    def at(self, generation: str | None) -> Snapshot | None:
        """Return the snapshot that a browser shows; None if it is no longer kept."""
        with self._lock:
            fitting = (each for each in self._snapshots if each.generation == generation)
            return next(map(self._with_names, fitting), None)

    def newest(self) -> str:
        """Return the generation that lies on the disk."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                self._newest, self._looked = generation_of(see_all(self.results)), time.monotonic()
            return self._newest

    def refresh(self) -> Snapshot | None:
        """Load what is on the disk if it is newer, and return the snapshot to be shown.

        While a sort is replacing the order the present one stays.
        """
        with self._loading:  # a large collection takes seconds, and is wanted once
            newest, current = self.newest(), self.current
            if current is None or current.generation != newest:
                self._take(self._loaded())
            return self.current

    def _loaded(self) -> Snapshot | None:
        """Load a snapshot: what is being replaced is there in a moment, what stays damaged is left out."""
        for _ in range(TRIES):
            with suppress(Moving):
                return load_snapshot(self.results)
            time.sleep(PAUSE_SECONDS)
        with suppress(Moving):
            return load_snapshot(self.results, whole=False)
        return None

    def _take(self, snapshot: Snapshot | None) -> None:
        with self._lock:
            if snapshot is None or any(each.generation == snapshot.generation for each in self._snapshots):
                return
            kept = [each for each in self._snapshots[:1] if len(each) <= KEPT_FILES]
            self._snapshots = [snapshot, *kept]
            self._named = {}

    def _with_names(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot with the names given by now; with its own where none can be read."""
        state = state_of(names_file(snapshot))
        known = self._named.get(snapshot.generation)
        if known is None or known[0] != state:
            try:
                known = (state, with_given_names(snapshot, known and known[1]))
            except (SeriatimError, OSError):
                known = (state, known[1] if known else snapshot)
            self._named[snapshot.generation] = known
        return known[1]
