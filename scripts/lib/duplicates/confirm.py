"""Do two sketches show the same picture? The judge of every candidate.

Shapes and colours must agree, then the squares are laid over each other and compared: see `fit`. Images with
no details (a clear sky, a black frame) fit each other whatever they show; of these only equal ones are the
same.

Thresholds come from 200 photos and their variants on one side, and on the other photos in which something
moved and 50,000 pairs of the likest of 10,000 CIFAR images; `benchmarks.duplicates` prints what they are good
for.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scripts.lib.duplicates.alignment import Floats, Laid, blurring, in_place, lay
from scripts.lib.duplicates.fit import INNER, Mask, correlation, fits, rough
from scripts.lib.duplicates.sketches import Sketches, turned

BLOCK = 1 << 11  # pairs at a time
SHAPES = 1.25  # how much more elongated one image may be
PLAIN = 2.5  # levels: details fainter than this are none
PLAIN_APART = 2.0  # levels, between plain images that are the same
SAME_COLOUR, COLOUR_SHARE = 4.0, 0.35  # levels, and share of the colour, that colours may be apart
GAINS = 0.5, 2.0  # that colours may have
FADED, FAINT = 3.0, 3.0  # how much fainter colours may be; levels that are no colour
ALIKE = 0.6  # correlation of the squares as they are, below which they are not laid over each other

_SMOOTH = blurring(1.0)


def confirmed(ours: Sketches, theirs: Sketches, turn: int = 0) -> Mask:
    """Tell of each pair of sketches (p,) SKETCH whether they show the same, the first turned: (p,) bool."""
    same = np.zeros(len(ours), bool)
    possible = np.flatnonzero(_same_shape(ours, theirs, turn) & _same_colour(ours, theirs, turn))
    for start in range(0, len(possible), BLOCK):
        block = possible[start : start + BLOCK]
        a = _smooth(turned(ours["grey"][block], turn))
        same[block] = _same_squares(a, _smooth(theirs["grey"][block]))
    return same


def plain_sketches(sketches: Sketches) -> Mask:
    """Tell which images (n,) SKETCH have no details that a hash could be made of: (n,) bool."""
    plain = np.empty(len(sketches), bool)
    for start in range(0, len(sketches), BLOCK):
        block = slice(start, start + BLOCK)
        plain[block] = _plain(_smooth(sketches["grey"][block]))
    return plain


def _same_squares(ours: Floats, theirs: Floats) -> Mask:
    plain = _plain(ours) | _plain(theirs)
    same: Mask = plain & (np.sqrt(((ours - theirs) ** 2).mean((1, 2))) <= PLAIN_APART)
    likely = np.flatnonzero(~plain & (correlation(ours, theirs) > ALIKE))
    same[likely] = _fit(ours[likely], theirs[likely], in_place)  # most copies, at a tenth of the cost
    likely = likely[~same[likely]]
    same[likely] = _fit(ours[likely], theirs[likely])
    likely = likely[~same[likely]]  # laid the other way round, a crop has all of its pixels inside
    same[likely] = _fit(theirs[likely], ours[likely])
    return same


def _fit(ours: Floats, theirs: Floats, lay: Callable[[Floats, Floats], Laid] = lay) -> Mask:
    return fits(lay(ours, theirs), theirs) if len(ours) else np.zeros(0, bool)


def _smooth(squares: npt.NDArray[np.generic]) -> Floats:
    smoothed: Floats = _SMOOTH @ squares.astype(np.float32) @ _SMOOTH.T
    return smoothed


def _plain(squares: Floats) -> Mask:
    plain: Mask = np.sqrt(((rough(squares) * INNER) ** 2).sum((1, 2)) / INNER.sum()) < PLAIN
    return plain


def _same_shape(ours: Sketches, theirs: Sketches, turn: int) -> Mask:
    width, height = ours["width"].astype(float), ours["height"].astype(float)
    if turn % 2:
        width, height = height, width
    ratio = width * theirs["height"] / (height * theirs["width"])
    same: Mask = (ratio < SHAPES) & (ratio > 1 / SHAPES)
    return same


def _same_colour(ours: Sketches, theirs: Sketches, turn: int) -> Mask:
    """Compare the colours, of which a brighter image has more."""
    squares = turned(ours["colour"], turn), theirs["colour"]
    a, b = ((each.astype(np.float32) - 128).reshape(len(ours), -1) for each in squares)
    gain = np.clip((a * b).sum(1) / np.maximum((a * a).sum(1), 1), *GAINS)[:, np.newaxis]
    strengths = np.sqrt((a * a).mean(1)), np.sqrt((b * b).mean(1))
    weaker, stronger = np.minimum(*strengths), np.maximum(*strengths)
    same: Mask = np.sqrt(((gain * a - b) ** 2).mean(1)) <= SAME_COLOUR + COLOUR_SHARE * stronger
    same &= weaker + FAINT >= stronger / FADED
    return same
