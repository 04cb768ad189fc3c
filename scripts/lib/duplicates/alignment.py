"""Laying one square over another: which part of it, and how much brighter.

A crop shifts and stretches an image by some percent, each axis by itself. Those four numbers, with a gain and
an offset of brightness, are found by Gauss-Newton steps on the differences (Lucas and Kanade 1981), first on
blurred squares, whose slopes lead farther. As the two axes are independent, taking the squares at other
places is two products with small matrices, for thousands of pairs at a time.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.duplicates.sketches import SIDE

Floats = npt.NDArray[Any]  # float32, as NumPy's types can't tell of products

FARTHEST = 0.16  # stretch, and shift in half sides, up to which alignment goes
STEP = 0.08
EDGE = 2  # pixels at the edges that are not compared, where blurring lacks a side
ROUNDS = ((2.0, 6), (0.0, 5))  # blur in pixels, and steps
RIDGE = 1e-3

PLACES = ((np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE) * 2 - 1  # of pixels, from -1 to 1


class Laid(NamedTuple):
    """Squares laid over others.

    squares : (p, 32, 32) float32, the first of each pair at the places of the second
    inside : (p, 32, 32) bool, where the first has a place for it, not at its edge
    change : (p, 4) float32, stretch and shift across, stretch and shift down; 0 is none
    """

    squares: Floats
    inside: npt.NDArray[np.bool_]
    change: Floats


def blurring(pixels: float) -> Floats:
    """Return the matrix that blurs a column by a Gaussian of that deviation: (32, 32)."""
    apart = np.arange(SIDE)[:, np.newaxis] - np.arange(SIDE)
    weights = np.exp(-0.5 * (apart / pixels) ** 2) if pixels else np.eye(SIDE)
    blurred: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return blurred


def _slopes() -> Floats:
    """Return the matrix that takes the derivative of a column, by `PLACES`."""
    slopes = (np.eye(SIDE, k=1) - np.eye(SIDE, k=-1)) / 2
    slopes[0, :2] = slopes[-1, -2:] = (-1, 1)
    return (slopes * SIDE / 2).astype(np.float32)


_SLOPES = _slopes()


def lay(ours: Floats, theirs: Floats) -> Laid:
    """Lay the first of each pair of squares (p, 32, 32) over the second as well as it goes."""
    change = np.zeros((len(ours), 4), np.float32)
    for blur, steps in ROUNDS:
        blurred = blurring(blur)
        a, b = blurred @ ours @ blurred.T, blurred @ theirs @ blurred.T
        for _ in range(steps):
            change = np.clip(change + _step(a, b, change), -FARTHEST, FARTHEST)
    across, within_x = _sampling(change[:, 0], change[:, 1], EDGE)
    down, within_y = _sampling(change[:, 2], change[:, 3], EDGE)
    squares = down @ ours @ across.transpose(0, 2, 1)
    return Laid(squares, within_y[:, :, np.newaxis] & within_x[:, np.newaxis], change)


def in_place(ours: Floats, theirs: Floats) -> Laid:
    """Lay the first of each pair of squares (p, 32, 32) over the second as it is."""
    return Laid(ours, np.ones(ours.shape, bool), np.zeros((len(ours), 4), np.float32))


def _sampling(stretch: Floats, shift: Floats, edge: int = 0) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the matrices that take a column at other places (p, 32, 32), and which lie in it (p, 32).

    edge : pixels that do not count as lying in it
    """
    places = PLACES * (1 + stretch[:, np.newaxis]) + shift[:, np.newaxis]
    pixels = (places + 1) * (SIDE / 2) - 0.5
    within = (pixels >= edge - 0.5) & (pixels <= SIDE - edge - 0.5)
    pixels = np.clip(pixels, 0, SIDE - 1)[:, :, np.newaxis]
    near = np.maximum(0, 1 - np.abs(pixels - np.arange(SIDE, dtype=np.float32)))
    return near.astype(np.float32), within


def _step(ours: Floats, theirs: Floats, change: Floats) -> Floats:
    """Return what one step changes: (p, 4)."""
    pairs = len(ours)
    across, within_x = _sampling(change[:, 0], change[:, 1])
    down, within_y = _sampling(change[:, 2], change[:, 3])
    across = across.transpose(0, 2, 1)
    inside = (within_y[:, :, np.newaxis] & within_x[:, np.newaxis]).reshape(pairs, 1, -1)
    squares = down @ ours @ across
    slope_x, slope_y = down @ (ours @ _SLOPES.T) @ across, down @ (_SLOPES @ ours) @ across
    slopes = np.stack([slope_x * PLACES, slope_x, slope_y * PLACES[:, np.newaxis], slope_y], axis=1)
    tones = np.stack([squares, np.ones_like(squares)], axis=1).reshape(pairs, 2, -1)  # (p, 2, 1024)
    target = theirs.reshape(pairs, 1, -1)
    tone = _solved(tones * inside, tones, target, np.zeros(2, np.float32))  # gain and offset
    missing = target - (tone[:, np.newaxis] @ tones)
    columns = np.concatenate([slopes.reshape(pairs, 4, -1) * tone[:, :1, np.newaxis], tones], axis=1)
    steps = _solved(columns * inside, columns, missing, np.array([RIDGE] * 4 + [0, 0], np.float32))
    clipped: Floats = np.clip(steps[:, :4], -STEP, STEP)
    return clipped


def _solved(weighed: Floats, columns: Floats, target: Floats, ridge: Floats) -> Floats:
    """Return the least squares of columns (p, c, 1024) for targets (p, 1, 1024), as (p, c)."""
    normal = weighed @ columns.transpose(0, 2, 1)
    size = normal.shape[1]
    strength = np.maximum(np.trace(normal[:, :4, :4], axis1=1, axis2=2) / 4, 1)[:, np.newaxis]
    normal[:, range(size), range(size)] += RIDGE + strength * ridge
    solved: Floats = np.linalg.solve(normal, weighed @ target.transpose(0, 2, 1))[:, :, 0]
    return solved
