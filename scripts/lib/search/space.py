"""The vectors among which a search is done, and the images that have them."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.ordering.vectors import Floats, Ints
from scripts.lib.search.index import SearchIndex
from scripts.lib.search.nearest import judged, scanned
from scripts.lib.search.once import Once

SAMPLE_ROWS = 4096  # that tell how far apart images are
MORE = 8  # rows proposed beyond those wanted


class Found(NamedTuple):
    """Items by their distance, the nearest first, equal ones by their number.

    items : (m,) int64
    distances : (m,) float64
    """

    items: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]


class Space:
    """Vectors of one model, which may be another than the sort's.

    Parameters
    ----------
    card : of the model that images and words are made comparable with
    vectors : (m, d) float16 or float32, may be a memory map
    row_of : (n,) int32, the row of each item, -1 where it has none or no file
    by_direction : whether lengths do not count
    index : opens the index of the vectors, None where there is none
    """

    def __init__(
        self,
        card: ModelCard,
        vectors: npt.NDArray[Any],
        row_of: Ints,
        by_direction: bool,
        index: Once[SearchIndex | None] | None = None,
    ) -> None:
        self.card, self.vectors, self.row_of = card, vectors, row_of
        self.by_direction, self.index = by_direction, index
        self._items = np.argsort(row_of, kind="stable")[int((row_of < 0).sum()) :]  # by their rows
        self._rows = row_of[self._items]
        self.rows = np.unique(self._rows)

    def nearest(self, query: Floats, wanted: int, use_index: bool) -> Found:
        """Return the nearest items to a vector, as many as wanted where there are as many.

        query : (d,) float32, of length 1 where directions are compared
        """
        width = wanted + max(MORE, wanted // 2)
        index = self.index() if use_index and self.index else None
        if index is None or width > len(self.rows) // 4:
            rows = scanned(self.vectors, self.rows, query, width, self.by_direction)
        else:
            rows = index.propose(self.vectors, query, width)
            place = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
            rows = rows[self.rows[place] == rows]
        near = judged(self.vectors, rows, query, self.by_direction)
        items, distances = self._items_of(near.rows, near.distances)
        order = np.lexsort((items, distances))[:wanted]
        return Found(items[order], distances[order])

    def _items_of(
        self, rows: npt.NDArray[np.int64], distances: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return all items that have one of the rows, each with its distance."""
        first = np.searchsorted(self._rows, rows)
        counts = np.searchsorted(self._rows, rows, side="right") - first
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        items = self._items[np.repeat(first, counts) + within]
        return items.astype(np.int64), np.repeat(distances, counts)

    def vector(self, item: int) -> Floats | None:
        """Return the vector of an item: (d,) float32."""
        row = int(self.row_of[item])
        return None if row < 0 else self.vectors[row].astype(np.float32)

    @cached_property
    def variance(self) -> float:
        """Return the variance of the vectors over all dimensions, 1 where directions are compared."""
        if self.by_direction:
            return 1.0
        sample = self.vectors[self.rows[:: max(1, len(self.rows) // SAMPLE_ROWS)]].astype(np.float64)
        sample = sample[np.isfinite(sample).all(axis=1)]
        return float(sample.var(axis=0).sum()) if len(sample) else 0.0
