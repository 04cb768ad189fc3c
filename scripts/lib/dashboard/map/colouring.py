"""What the points of a map are coloured by.

Each point gets a byte, the row of its colour in a table. So a map of a million takes a megabyte for its
colours, and another theme takes another table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.dashboard.map.palettes import (
    COLOURS,
    FIRST,
    STEPS,
    UNKNOWN,
    Theme,
    group_colours,
    scale_colours,
)
from scripts.lib.ordering.vectors import Ints
from scripts.lib.view.snapshot import Coded, Snapshot

TICKS = 3  # of a scale: its ends and its middle


class Choice(NamedTuple):
    """What points can be coloured by, and the artifact that tells it; empty if the order does."""

    key: str
    name: str
    artifact: str = ""


CHOICES = (
    Choice("cluster", "Cluster", "clusters"),
    Choice("category", "Category", "categories"),
    Choice("position", "Place in the order"),
    Choice("folder", "Folder"),
    Choice("time", "Time"),
)


@dataclass(frozen=True)
class Colouring:
    """The colours of all files.

    rows : (n,) uint8, of the table that `colours` returns
    groups : what the colours stand for if these are groups
    ticks : and if they are a scale, what its equal parts begin and end with
    """

    rows: npt.NDArray[np.uint8]
    groups: Coded | None = None
    ticks: tuple[str, ...] = ()

    def colours(self, theme: Theme) -> list[str]:
        """Return the table."""
        return scale_colours(theme) if self.groups is None else group_colours(theme)


def groups_of(snapshot: Snapshot, key: str) -> Coded | None:
    """Return the groups that a choice is about, None if there are none."""
    match key:
        case "cluster":
            return snapshot.clusters
        case "category":
            return snapshot.categories
        case "folder":
            return snapshot.folders
    return None


def is_there(snapshot: Snapshot, choice: Choice) -> bool:
    """Tell whether the points can be coloured by something."""
    return not choice.artifact or groups_of(snapshot, choice.key) is not None


def first_choice(snapshot: Snapshot) -> str:
    """Return what tells most of what there is."""
    return next(choice.key for choice in CHOICES if is_there(snapshot, choice))


def colouring(snapshot: Snapshot, key: str) -> Colouring:
    """Return the colours by something; by the place in the order where that is not there."""
    groups = groups_of(snapshot, key)
    if groups is not None:
        return Colouring(group_rows(groups.codes), groups)
    return SCALES.get(key, _by_position)(snapshot)


def group_rows(codes: Ints) -> npt.NDArray[np.uint8]:
    """Return the rows of the colours of groups: neighbouring numbers have differing ones."""
    rows = (codes % COLOURS + FIRST).astype(np.uint8)
    rows[codes < 0] = UNKNOWN
    return rows


def _by_position(snapshot: Snapshot) -> Colouring:
    count = len(snapshot)
    steps = np.arange(count) * STEPS // max(count, 1)
    ticks = (f"{round(i * max(count - 1, 0) / (TICKS - 1)):,}" for i in range(TICKS))
    return Colouring((steps + FIRST).astype(np.uint8), ticks=tuple(ticks))


def _by_time(snapshot: Snapshot) -> Colouring:
    """Return colours of which each has as many files, so that a few old files do not use up the scale."""
    times = snapshot.times
    known = np.isfinite(times)
    if not known.any():
        return Colouring(np.full(len(times), UNKNOWN, np.uint8))
    ordered = np.sort(times[known])
    edges = ordered[np.arange(1, STEPS) * len(ordered) // STEPS]
    rows = (np.searchsorted(edges, times, "right") + FIRST).astype(np.uint8)
    rows[~known] = UNKNOWN
    return Colouring(rows, ticks=tuple(_dates(ordered[np.arange(TICKS) * (len(ordered) - 1) // (TICKS - 1)])))


def _dates(seconds: npt.NDArray[np.float64]) -> list[str]:
    """Return times as short as they still differ."""
    span = float(seconds[-1] - seconds[0])
    form = "%Y-%m-%d" if span > 2 * 86_400 else "%m-%d %H:%M" if span > 120 else "%H:%M:%S"
    dates = [f"{datetime.fromtimestamp(each, UTC):{form}}" for each in seconds.tolist()]
    return dates if dates[0] != dates[-1] else [f"{datetime.fromtimestamp(seconds[0], UTC):%Y-%m-%d %H:%M}"]


SCALES: dict[str, Callable[[Snapshot], Colouring]] = {"position": _by_position, "time": _by_time}
