"""How much of a large collection is drawn at a time.

A browser draws some hundred thousand points with ease. Of more, those are drawn that come first in a random
ranking, which stays the same: so what is drawn of a part that is zoomed into is drawn of it again, and more.
"""

from dataclasses import dataclass

import numpy as np

from scripts.lib.dashboard.map.filters import Mask
from scripts.lib.dashboard.map.selection import in_box
from scripts.lib.ordering.vectors import Floats, Ints

DRAWN_AT_MOST = 100_000
MARGIN = 0.15  # of a window's width on each side, so that a small move shows no gap

Window = tuple[float, float, float, float]  # left, right, bottom, top


@dataclass(frozen=True)
class Drawn:
    """What is drawn.

    positions : (m,) int32, by rank
    wanted : how many files there would be in the window
    """

    positions: Ints
    wanted: int

    @property
    def is_sample(self) -> bool:
        """Tell whether some are left out."""
        return len(self.positions) < self.wanted


def is_whole(passing: Mask) -> bool:
    """Tell whether all files that pass are drawn, whatever part is looked at."""
    return int(np.count_nonzero(passing)) <= DRAWN_AT_MOST


def ranking(count: int) -> Ints:
    """Return all positions in a random sequence that is always the same: (n,) int32."""
    return np.random.default_rng(0).permutation(count).astype(np.int32)


def draw(wanted: Mask, ranked: Ints, most: int = DRAWN_AT_MOST) -> Drawn:
    """Return the best-ranked of the files that are wanted."""
    found = ranked[wanted[ranked]]
    return Drawn(found[:most], len(found))


def within(wanted: Mask, plane: Floats, window: Window | None) -> Mask:
    """Return which of the files that are wanted lie in a window or close to it: (n,) bool."""
    if window is None:
        return wanted
    left, right, bottom, top = window
    wide, high = MARGIN * (right - left), MARGIN * (top - bottom)
    seen = in_box(plane, np.array([left - wide, bottom - high]), np.array([right + wide, top + high]))
    shown = np.zeros(len(wanted), np.bool_)
    shown[seen] = wanted[seen]
    return shown


def sentence(drawn: Drawn, passing: int, total: int) -> str:
    """Return what a reader has to know of what is drawn."""
    count, where = len(drawn.positions), "" if drawn.wanted == passing else " in this part"
    if drawn.is_sample:
        return f"{count:,} of {drawn.wanted:,} images{where} are drawn, drawn by lot; zoom in to see all."
    others = "" if passing == total else f" that pass{'es' if count == 1 else ''}"
    if count == 1:
        return f"The one image{others}{where} is drawn."
    return f"All {count:,} images{others}{where} are drawn."
