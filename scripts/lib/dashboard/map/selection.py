"""Which files are selected: those in areas of the flat map, or those of some groups.

Areas travel as their outlines. Which files lie in them is found here, among all files, not only among those
that are drawn.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.lib.dashboard.map.colouring import groups_of
from scripts.lib.dashboard.map.filters import Mask, in_groups
from scripts.lib.dashboard.map.reading import integers, items, number, text
from scripts.lib.ordering.vectors import Floats
from scripts.lib.view.snapshot import Snapshot

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Selection:
    """A selection; the areas count if there are any.

    by : what the groups are of, as in `colouring.CHOICES`
    codes : numbers of groups
    areas : outlines in the plane
    """

    by: str = ""
    codes: tuple[int, ...] = ()
    areas: tuple[Outline, ...] = ()

    @classmethod
    def read(cls, given: Any) -> "Selection":
        """Return what a browser sent.

        Raises
        ------
        ValueError
            where it is no such thing.
        """
        values = dict(given or {})
        areas = tuple(_outline(area) for area in items(values.get("areas")))
        return cls(text(values.get("by")), integers(values.get("codes")), areas)

    def __bool__(self) -> bool:
        return bool(self.codes or self.areas)


def _outline(given: Any) -> Outline:
    points = [items(point) for point in items(given)]
    if any(len(point) != 2 for point in points):
        raise ValueError("no points")
    return tuple((number(x), number(y)) for x, y in points)


def selected(snapshot: Snapshot, selection: Selection) -> Mask:
    """Return which files are selected, whether they pass the filters or not: (n,) bool."""
    if selection.areas and snapshot.plane is not None:
        return inside_any(snapshot.plane, selection.areas)
    groups = groups_of(snapshot, selection.by)
    if groups is None or not selection.codes:
        return np.zeros(len(snapshot), np.bool_)
    return in_groups(groups.codes, selection.codes)


def inside_any(points: Floats, areas: tuple[Outline, ...]) -> Mask:
    """Return which points lie in some area: (n,) bool.

    points : (n, 2)
    """
    chosen = np.zeros(len(points), np.bool_)
    for area in areas:
        chosen |= inside(points, np.array(area, np.float64).reshape(-1, 2))
    return chosen


def inside(points: Floats, outline: npt.NDArray[np.float64]) -> Mask:
    """Return which points lie inside an outline, by the even-odd rule: (n,) bool.

    points : (n, 2)
    outline : (m, 2), closed by itself
    """
    from matplotlib.path import Path  # late: it takes a while

    chosen = np.zeros(len(points), np.bool_)
    if len(outline) < 3:
        return chosen
    near = in_box(points, outline.min(axis=0), outline.max(axis=0))
    chosen[near] = Path(outline).contains_points(points[near])
    return chosen


def in_box(
    points: Floats, low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Return the rows of the points in a box, its border included."""
    x, y = points[:, 0], points[:, 1]
    return np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
