"""How well a square fits where it was laid over another.

The brightness of one is fitted to that of the other by a curve, and what is left is looked at: in all, in
the worst of 64 blocks, and in the details alone. A resized or recompressed copy leaves next to nothing, a
crop a little everywhere. The next picture of a burst leaves little in all, and much where something moved;
another picture of the same kind leaves much. What brightens an image also clips it, unevenly, so more is
allowed where the brightness differs, as it is where one had to be stretched or shifted.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.duplicates.alignment import EDGE, PLACES, Floats, Laid
from scripts.lib.duplicates.sketches import SIDE

Mask = npt.NDArray[np.bool_]

BLOCKS = 8  # a side
TONE_DEGREE = 3
SLIGHT = 0.15  # stretch and shift beyond which a crop is not slight
COVER = 0.7  # what must be common to both, of what is judged
BRIGHTER, BRIGHTEST = 4.0, 16.0  # levels: where more begins to be allowed, and where most is


class Limits(NamedTuple):
    """What a pair must reach to show the same.

    explained : least share of the variance that is explained
    worst : most that is left in a block, as a share of the variance
    details : least correlation of the details
    """

    explained: float
    worst: float
    details: float


# Of copies that lie as the original does, of crops, and of what is brighter.
IN_PLACE, CROPPED, BRIGHTENED = Limits(0.98, 0.03, 0.975), Limits(0.975, 0.08, 0.97), Limits(0.94, 0.28, 0.92)
CROP = 0.1  # stretch or shift of a crop

INNER = np.pad(np.ones((SIDE - 2 * EDGE,) * 2, np.float32), EDGE)
_BROAD = np.linalg.qr(np.vander(PLACES, 4))[0].astype(np.float32)  # (32, 4): polynomials, orthonormal


def fits(laid: Laid, theirs: Floats) -> Mask:
    """Tell which squares show the same as those that they were laid over (p, 32, 32)."""
    inside = laid.inside * INNER
    count = np.maximum(inside.sum((1, 2)), 1)
    slight = (np.abs(laid.change) <= SLIGHT).all(1) & (count >= COVER * INNER.sum())
    brighter = np.abs(((laid.squares - theirs) * inside).sum((1, 2)) / count)
    limits = _between(IN_PLACE, CROPPED, np.abs(laid.change).max(1) / CROP)
    limits = _between(limits, BRIGHTENED, (brighter - BRIGHTER) / (BRIGHTEST - BRIGHTER))
    either = _explained(laid.squares, theirs, inside), _explained(theirs, laid.squares, inside)
    explained, worst = np.maximum(either[0][0], either[1][0]), np.minimum(either[0][1], either[1][1])
    details = correlation(rough(laid.squares) * inside, rough(theirs) * inside)
    fit: Mask = (explained >= limits[:, 0]) & (worst <= limits[:, 1]) & (details >= limits[:, 2])
    fit &= slight
    return fit


def _between(one: Floats | Limits, other: Limits, share: Floats) -> Floats:
    """Return limits between two, for a share (p,) of the way: (p, 3)."""
    part = np.clip(share, 0, 1)[:, np.newaxis]
    limits: Floats = np.array(one) * (1 - part) + np.array(other) * part
    return limits


def rough(squares: Floats) -> Floats:
    """Return the details of squares (p, 32, 32): what no surface of third degree, such as a sky, explains."""
    broad: Floats = _BROAD @ (_BROAD.T @ squares @ _BROAD) @ _BROAD.T
    return squares - broad


def correlation(ours: Floats, theirs: Floats) -> Floats:
    """Return the correlation of pairs of squares (p, 32, 32): (p,)."""
    a, b = (each.reshape(len(each), -1) for each in (ours, theirs))
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    found: Floats = (a * b).sum(1) / np.sqrt(np.maximum((a * a).sum(1) * (b * b).sum(1), 1))
    return found


def _explained(ours: Floats, theirs: Floats, inside: Floats) -> tuple[Floats, Floats]:
    """Fit the tones of the first to the second; return what that explains, and what is left at the worst.

    Both are shares of the variance of the second: (p,) each.
    """
    pairs, count = len(ours), np.maximum(inside.sum((1, 2)), 1)
    tones = (ours.reshape(pairs, 1, -1) - 128) / 128
    powers = tones ** np.arange(TONE_DEGREE + 1)[:, np.newaxis]  # (p, 4, 1024)
    weighed = powers * inside.reshape(pairs, 1, -1)
    normal = weighed @ powers.transpose(0, 2, 1) + 1e-2 * np.eye(TONE_DEGREE + 1)
    curve = np.linalg.solve(normal, weighed @ theirs.reshape(pairs, -1, 1))
    left = (theirs - (curve.transpose(0, 2, 1) @ powers).reshape(theirs.shape)) ** 2 * inside
    mean = ((theirs * inside).sum((1, 2)) / count)[:, np.newaxis, np.newaxis]
    variance = np.maximum((((theirs - mean) ** 2) * inside).sum((1, 2)) / count, 1)
    blocks = left.reshape(pairs, BLOCKS, SIDE // BLOCKS, BLOCKS, SIDE // BLOCKS).mean((2, 4))
    return 1 - left.sum((1, 2)) / count / variance, blocks.max((1, 2)) / variance
