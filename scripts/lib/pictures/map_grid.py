"""Which images are seen on a map, and where: one to a cell of a grid, so that none covers another.

Few images all have a cell, the one nearest to their place that the others leave them. Of many each cell
shows the one nearest to its middle, the larger the more it stands for.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.projection.sample import Places

LENGTH = 1920  # pixels of the map's longer side
MOST_CELLS = 40  # along it
ROOM = 4  # cells for an image, where all are to be seen
LEAST_CELLS = 5
NARROWEST = 0.4  # shorter side over the longer one
SMALLEST = 0.45  # side of an image over that of its cell, where it stands for few
STRAGGLERS = 0.004  # share of the images, at each side, that may be drawn at the rim instead of beyond it
BREADTH = 1.15  # of the map over what lies between them
FAR_OFF = 0.02  # of the count of a full cell; cells with fewer show points alone


class Grid(NamedTuple):
    """Square cells, and how places become pixels.

    cell : side in pixels;  columns, rows : how many
    """

    cell: int
    columns: int
    rows: int

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height in pixels."""
        return self.columns * self.cell, self.rows * self.cell

    def pixels(self, places: Places) -> npt.NDArray[np.float64]:
        """Return places as pixels from the upper left corner: (n, 2) float64, inside the grid."""
        half = np.array(self.size) / 2
        scale = (max(self.size) - self.cell) / 2  # images at the rim are seen whole
        spots: npt.NDArray[np.float64] = half + places.astype(np.float64) * (scale, -scale)
        return np.clip(spots, 0, np.array(self.size) - 1)


class Tiles(NamedTuple):
    """The images to be shown.

    items : (t,) int64
    corners : (t, 2) int64, left and upper edge in pixels
    sides : (t,) int64, in pixels
    """

    items: npt.NDArray[np.int64]
    corners: npt.NDArray[np.int64]
    sides: npt.NDArray[np.int64]


def framed(places: Places) -> Places:
    """Return places as they lie on the map, within [-1, 1] by one factor, a few stragglers at its rim.

    A handful of images far off would leave the others no room.

    places : (n, 2) float32
    """
    if not len(places):
        return places
    low, high = np.quantile(places.astype(np.float64), [STRAGGLERS, 1 - STRAGGLERS], axis=0)
    middle, half = (low + high) / 2, (high - low) / 2 * BREADTH
    half = np.minimum(half, np.abs(places - middle).max(axis=0))
    scale = float(half.max()) or 1.0
    result: Places = (np.clip(places - middle, -half, half) / scale).astype(np.float32)
    return result


def grid_for(places: Places) -> Grid:
    """Return a grid with as many cells as the images can fill, and as wide and high as their layout.

    places : (n, 2) float32, within [-1, 1]
    """
    extent = np.abs(places).max(axis=0, initial=0.0)
    longest = float(extent.max())
    width, height = np.maximum(extent / longest, NARROWEST) if longest else (1.0, 1.0)
    cells = int(np.ceil(np.sqrt(ROOM * len(places) / (width * height))))
    along = min(max(cells, LEAST_CELLS), MOST_CELLS)
    return Grid(LENGTH // along, max(1, round(along * width)), max(1, round(along * height)))


def all_fit(n: int, grid: Grid) -> bool:
    """Tell whether all of n images can have cells without being moved far."""
    return ROOM * n <= 1.1 * grid.columns * grid.rows


def choose_tiles(places: Places, grid: Grid) -> Tiles:
    """Choose what is shown, and how large.

    places : (n, 2) float32, within [-1, 1]
    """
    if not len(places):
        nothing = np.empty(0, np.int64)
        return Tiles(nothing, np.empty((0, 2), np.int64), nothing)
    spots = grid.pixels(places)
    if all_fit(len(places), grid):
        cells = free_cells(spots, grid)
        return _tiles(np.arange(len(places)), cells, np.ones(len(places)), grid)
    return _representatives(spots, grid)


def free_cells(spots: npt.NDArray[np.float64], grid: Grid) -> npt.NDArray[np.int64]:
    """Give each spot a cell of its own, so that squared ways are shortest in sum: (n,) int64."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = np.divmod(np.arange(grid.columns * grid.rows), grid.columns)
    middles = (np.column_stack([columns, rows]) + 0.5) * grid.cell
    ways = np.square(spots[:, np.newaxis] - middles).sum(axis=2)
    cells: npt.NDArray[np.int64] = linear_sum_assignment(ways)[1].astype(np.int64)
    return cells


def _representatives(spots: npt.NDArray[np.float64], grid: Grid) -> Tiles:
    """Show of each cell the image nearest to its middle."""
    column, row = np.floor(spots / grid.cell).astype(np.int64).T
    cells = row * grid.columns + column
    way = np.square(spots / grid.cell - np.column_stack([column, row]) - 0.5).sum(axis=1)
    order = np.lexsort((way, cells))
    shown, first, counts = np.unique(cells[order], return_index=True, return_counts=True)
    full = full_count(counts)
    enough = counts >= FAR_OFF * full
    weight = np.sqrt(np.minimum(counts / full, 1))[enough]
    return _tiles(order[first][enough], shown[enough], weight, grid)


def full_count(counts: npt.NDArray[np.int64]) -> int:
    """Return the count from which on images fill their cells: half of all lie in cells with that many."""
    rising = np.sort(counts)
    return int(rising[np.searchsorted(np.cumsum(rising), counts.sum() / 2)])


def _tiles(
    items: npt.NDArray[np.int64],
    cells: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64],
    grid: Grid,
) -> Tiles:
    gap = max(2, grid.cell // 24)
    sides = np.round((grid.cell - gap) * (SMALLEST + (1 - SMALLEST) * weight)).astype(np.int64)
    row, column = np.divmod(cells, grid.columns)
    middles = (np.column_stack([column, row]) * 2 + 1) * grid.cell // 2
    return Tiles(items, middles - sides[:, np.newaxis] // 2, sides)
