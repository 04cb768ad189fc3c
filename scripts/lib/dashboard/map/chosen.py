"""What is known of a snapshot and of what a browser asks of it, kept for the next time.

Several callbacks ask for the same: which files pass, which are selected. Each takes up to a few tenths of a
second at a million.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from scripts.lib.dashboard.map import colouring, detail_level, filters, selection
from scripts.lib.dashboard.map.colouring import Colouring
from scripts.lib.dashboard.map.filters import Filters, Mask
from scripts.lib.dashboard.map.selection import Selection
from scripts.lib.ordering.vectors import Ints
from scripts.lib.view.snapshot import Snapshot

KEPT = 24  # answers; at a million each takes up to 4 MB

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What a browser asks: which files pass, and which of them are selected."""

    filters: Filters = field(default_factory=Filters)
    selection: Selection = field(default_factory=Selection)

    @classmethod
    def read(cls, given: Any) -> "Question":
        """Return what a browser sent.

        Raises
        ------
        ValueError
            where it is no such thing; TypeError, too.
        """
        values = dict(given or {})
        return cls(Filters.read(values.get("filters")), Selection.read(values.get("selection")))


class Chosen:
    """Answers, kept; its methods may be called by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def passing(self, snapshot: Snapshot, question: Question) -> Mask:
        """Return which files pass the filters: (n,) bool."""
        make = filters.passing
        asked = question.filters
        return self._answer(
            (snapshot.generation, asked), lambda: make(snapshot, asked, self.folders(snapshot))
        )

    def selected(self, snapshot: Snapshot, question: Question) -> Mask | None:
        """Return which of the files that pass are selected, None if nothing is selected: (n,) bool."""
        if not question.selection:
            return None
        return self._answer(
            (snapshot.generation, question),
            lambda: selection.selected(snapshot, question.selection) & self.passing(snapshot, question),
        )

    def shown(self, snapshot: Snapshot, question: Question) -> Mask:
        """Return which files are selected, and if nothing is, which pass: (n,) bool."""
        chosen = self.selected(snapshot, question)
        return self.passing(snapshot, question) if chosen is None else chosen

    def colouring(self, snapshot: Snapshot, key: str) -> Colouring:
        """Return the colours by something; groups have the names of the moment."""
        found = self._answer(
            (snapshot.generation, "colouring", key), lambda: colouring.colouring(snapshot, key)
        )
        return replace(found, groups=colouring.groups_of(snapshot, key))

    def ranking(self, snapshot: Snapshot) -> Ints:
        """Return the sequence in which files are drawn: (n,) int32."""
        return self._answer(("ranking", len(snapshot)), lambda: detail_level.ranking(len(snapshot)))

    def folders(self, snapshot: Snapshot) -> list[str]:
        """Return the folders with files in them or below them, by name."""
        return self._answer((snapshot.generation, "folders"), lambda: filters.folder_names(snapshot))

    def _answer(self, key: Any, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made
