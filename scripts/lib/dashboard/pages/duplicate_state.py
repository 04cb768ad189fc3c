"""What the page of duplicates knows at a moment: groups, decisions, and which groups are looked at."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.dashboard.context import Context
from scripts.lib.duplicates.decisions import FILE, Decisions, read_decisions
from scripts.lib.duplicates.fit import Mask
from scripts.lib.duplicates.review import Review
from scripts.lib.errors import SeriatimError
from scripts.lib.run.visible import visible
from scripts.lib.view.given import State, state_of
from scripts.lib.view.snapshot import Snapshot

VIEW, ACT = "duplicates-view", "duplicates-act"  # stores: what is looked at, what is to be done
FILTERS = {  # which groups are looked at
    "all": "All",
    "undecided": "Undecided",
    "decided": "Decided",
    "exact": "Exact",
    "near": "Near",
    "perceptual": "Perceptual",
}
FILES = 12  # of a group that are shown at first, and as many more each time


class View(NamedTuple):
    """Which group is shown, how many of its files, and among which groups one goes on."""

    group: int = 0
    filter: str = "all"
    files: int = FILES

    def at(self, group: int, **more: Any) -> dict[str, Any]:
        """Return the view of another group, for a button."""
        return {"group": group, "filter": self.filter, **more}


def view_of(data: Any, groups: int) -> View:
    """Return what a browser asks for, or the usual where that makes no sense."""
    data = data if isinstance(data, dict) else {}
    group, chosen, files = data.get("group"), data.get("filter"), data.get("files")
    group = min(max(group, 0), max(groups - 1, 0)) if isinstance(group, int) else 0
    files = files if isinstance(files, int) and files > 0 else FILES
    return View(group, chosen if chosen in FILTERS else "all", files)


@dataclass(frozen=True)
class Reviewed:
    """The groups of a snapshot with the decisions of a moment.

    decided : (g,) bool
    trouble : why there are no decisions to be read, and none can be made
    """

    snapshot: Snapshot
    review: Review
    decisions: Decisions
    decided: Mask
    read_only: bool = False
    trouble: str = ""

    def groups(self, chosen: str) -> npt.NDArray[np.int64]:
        """Return the groups that a filter leaves, ascending: (m,) int64."""
        masks = {"decided": self.decided, "undecided": ~self.decided, **self.review.kinds}
        every = np.ones(len(self.review), bool)
        return np.flatnonzero(every if chosen == "all" else masks.get(chosen, ~every))


def decisions_file(snapshot: Snapshot) -> Path:
    """Return the table of the user's decisions."""
    return snapshot.results.collection / FILE


class Reviews:
    """The groups of the snapshot that was asked for last, and the decisions as they were read last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: tuple[str, State, bool] = ("", None, False)
        self._known: Reviewed | None = None

    def now(self, snapshot: Snapshot, context: Context) -> Reviewed | None:
        """Return the groups with the decisions of this moment; None where nobody looked for any."""
        with self._lock:
            key = snapshot.generation, state_of(decisions_file(snapshot)), context.read_only
            if self._known is None or self._key != key:
                self._known, self._key = self._read(snapshot, context), key
            return self._known

    def _read(self, snapshot: Snapshot, context: Context) -> Reviewed | None:
        if snapshot.duplicates is None:
            return None
        same = self._known is not None and self._known.snapshot.generation == snapshot.generation
        review = self._known.review if self._known is not None and same else Review(snapshot.duplicates)
        try:
            decisions = read_decisions(decisions_file(snapshot))
        except (SeriatimError, OSError) as error:
            none = np.zeros(len(review), bool)
            return Reviewed(snapshot, review, Decisions(), none, True, visible(str(error)))
        return Reviewed(snapshot, review, decisions, review.decided(decisions), context.read_only)
