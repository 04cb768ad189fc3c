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

CELLS = 128  # of a grid over an outline, on each side
FEW = 50_000  # points that are tested one by one

Corners = npt.NDArray[np.float64]
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


def inside(points: Floats, outline: Corners) -> Mask:
    """Return which points lie inside an outline, by the even-odd rule: (n,) bool.

    Only points in cells of a grid that the outline runs through are tested one by one; of other cells the
    middle is. At a million points this is the difference between a second and a few hundredths.

    points : (n, 2)
    outline : (m, 2), closed by itself
    """
    chosen = np.zeros(len(points), np.bool_)
    if len(outline) < 3:
        return chosen
    low, high = outline.min(axis=0), outline.max(axis=0)
    near = in_box(points, low, high)
    if len(near) <= FEW:
        chosen[near] = _test(outline, points[near])
        return chosen
    size = np.maximum(high - low, np.finfo(np.float64).tiny) / CELLS
    cells = np.minimum((points[near] - low) / size, CELLS - 1).astype(np.int32)
    crossed, filled = _grid(outline, low, size)
    doubtful = crossed[cells[:, 0], cells[:, 1]]
    chosen[near] = filled[cells[:, 0], cells[:, 1]]
    chosen[near[doubtful]] = _test(outline, points[near[doubtful]])
    return chosen


def _grid(outline: Corners, low: Corners, size: Corners) -> tuple[Mask, Mask]:
    """Return which cells the outline runs through or close by, and whose middle is inside: (c, c) bool."""
    scaled = (outline - low) / size
    touched = np.zeros((CELLS + 2, CELLS + 2), np.bool_)  # with a border
    for start, end in zip(scaled, np.roll(scaled, -1, axis=0), strict=True):
        steps = np.linspace(0, 1, 2 + int(2 * np.abs(end - start).max()))[:, None]
        x, y = np.clip(start + steps * (end - start), 0, CELLS - 1).astype(np.int32).T
        touched[x + 1, y + 1] = True
    shifts = [touched[x : x + CELLS, y : y + CELLS] for x in range(3) for y in range(3)]
    crossed: Mask = np.logical_or.reduce(shifts)
    middles = np.stack(np.meshgrid(*[np.arange(CELLS) + 0.5] * 2, indexing="ij"), axis=-1)
    return crossed, _test(scaled, middles.reshape(-1, 2)).reshape(CELLS, CELLS)


def _test(outline: Corners, points: npt.NDArray[Any]) -> Mask:
    """Return from which points a ray to the right meets the outline an odd number of times: (n,) bool."""
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    odd = np.zeros(len(points), np.bool_)
    for (x1, y1), (x2, y2) in zip(outline.tolist(), np.roll(outline, -1, axis=0).tolist(), strict=True):
        if y1 != y2:
            odd ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) / (y2 - y1) * (y - y1) + x1)
    return odd


def in_box(points: Floats, low: Corners, high: Corners) -> npt.NDArray[np.intp]:
    """Return the rows of the points in a box, its border included."""
    x, y = points[:, 0], points[:, 1]
    return np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
