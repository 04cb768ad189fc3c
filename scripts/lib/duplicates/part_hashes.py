"""Perceptual hashes of parts and turns of images, in bulk.

ImageHash's `phash` of a square is the signs of its 64 lowest cosine coefficients around their median. Of a
part of the square they are two small matrix products, so that a hash of each slight crop costs no decoding
and almost no time. A crop differs from the whole in a dozen bits; from the hash of the same part, in a few.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.duplicates.sketches import SIDE, Sketches, turned

WAVES = 8  # a side of the hash
BLOCK = 1 << 13  # sketches at a time


class Part(NamedTuple):
    """A part of a square, in shares of its side."""

    left: float
    top: float
    size: float


WHOLE = Part(0, 0, 1)
# What is left where up to a tenth was cut off at the sides: around the centre, or from a corner.
PARTS = (
    WHOLE,
    Part(0.025, 0.025, 0.95),
    Part(0.05, 0.05, 0.9),
    *(Part(left, top, 0.93) for left in (0, 0.07) for top in (0, 0.07)),
)

Hashes = npt.NDArray[np.uint8]


def part_hashes(sketches: Sketches, part: Part, turn: int = 0) -> Hashes:
    """Return the hash of one part of each square, after turning it: (n, 8) uint8.

    sketches : (n,) SKETCH
    """
    down, across = _cosines(part.top, part.size), _cosines(part.left, part.size)
    hashes = np.empty((len(sketches), WAVES), np.uint8)
    for start in range(0, len(sketches), BLOCK):
        block = slice(start, start + BLOCK)
        squares = turned(sketches["grey"][block], turn).astype(np.float32)
        waves = (down @ squares @ across.T).reshape(-1, WAVES * WAVES)
        bits = waves > np.median(waves, axis=1, keepdims=True)
        hashes[block] = np.packbits(bits, axis=1)
    return hashes


def _cosines(start: float, size: float) -> npt.NDArray[np.float32]:
    """Return the lowest cosines along a part of a side, as weights of all its pixels: (8, 32)."""
    edges = np.arange(SIDE + 1) / SIDE
    inside = np.clip((edges - start) / size, 0, 1)  # where each pixel begins and ends within the part
    middle, weight = (inside[1:] + inside[:-1]) / 2, np.diff(inside) * SIDE
    return (np.cos(np.pi * np.arange(WAVES)[:, np.newaxis] * middle) * weight).astype(np.float32)


def bits_between(ours: Hashes, theirs: Hashes) -> npt.NDArray[np.int32]:
    """Return in how many bits hashes (n, 8) differ, pair by pair: (n,) int32."""
    bits: npt.NDArray[np.int32] = np.bitwise_count(ours ^ theirs).sum(axis=1).astype(np.int32)
    return bits
