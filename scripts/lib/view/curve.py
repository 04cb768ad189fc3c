"""The distances along an order as a curve of a screen's width, which keeps the places where it breaks."""

from typing import NamedTuple

import numpy as np

from scripts.lib.ordering.vectors import Floats, Ints


class Curve(NamedTuple):
    """The largest distance in each of some equal stretches of an order.

    heights : (b,) float32
    places : (b,) int32, of the file before that distance
    """

    heights: Floats
    places: Ints


def curve(distances: Floats, most: int) -> Curve:
    """Return a curve of at most so many stretches.

    distances : (n,) float32, from each file to the next; NaN where there is none
    """
    known = np.nan_to_num(distances, nan=0.0).astype(np.float32)
    if not len(known):
        return Curve(known, np.zeros(0, np.int32))
    starts = np.unique(np.linspace(0, len(known), min(most, len(known)), endpoint=False).astype(np.int64))
    heights = np.maximum.reduceat(known, starts)
    stretch = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(known)))
    highest = np.flatnonzero(known == heights[stretch])
    first = np.unique(stretch[highest], return_index=True)[1]
    return Curve(heights, highest[first].astype(np.int32))
