"""Items of one model, vectors of another: they are one where they are of one content."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scripts.lib.embedding.gather import Items
from scripts.lib.files.content_ids import id_bytes, positions_in


def rows_of_items(items: Items, vectors: Items) -> npt.NDArray[np.int64]:
    """Return the row of the other model's vector for each item: (n,) int64, -1 where there is none.

    An item of several contents has the vector of the first of them that has one.
    """
    place = positions_in(vectors.content_ids, items.content_ids)
    known = np.flatnonzero(place >= 0)[::-1]  # the last that is written is the first content
    rows = np.full(int(items.rows.max(initial=-1)) + 1, -1, np.int64)
    rows[items.rows[known]] = vectors.rows[place[known]]
    return rows


def taken_rows(vectors: np.ndarray, rows: npt.NDArray[np.int64]) -> np.ndarray:
    """Return some rows of a matrix, NaN for -1: (n, d) float32 or float16."""
    if len(rows) == len(vectors) and (rows == np.arange(len(rows))).all():
        return vectors
    taken = np.full((len(rows), vectors.shape[1]), np.nan, vectors.dtype)
    taken[rows >= 0] = vectors[rows[rows >= 0]]
    return taken


def contents_without(items: Items, rows: npt.NDArray[np.int64]) -> Sequence[bytes]:
    """Return the contents of the items that have no vector, by their ids."""
    return id_bytes(items.content_ids[rows[items.rows] < 0])
