"""Which frames of a video are worth looking at."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
from PIL import Image

Item = TypeVar("Item")

SIDE = 32  # pixels of the square that is judged: noise and compression are averaged away
DARK = 24  # of 255 levels, below which everything must lie for a frame to be near black
UNIFORM = 3.0  # standard deviation, of 255 levels, of the liveliest channel of a near-uniform frame


def good_frames(frames: Iterable[Image.Image]) -> Iterator[Image.Image]:
    """Yield the frames that are neither near black nor near uniform; if all are, the liveliest alone."""
    refused: list[tuple[float, Image.Image]] = []

    def good() -> Iterator[Image.Image]:
        for frame in frames:
            spread, brightest = _judged(frame)
            if spread > UNIFORM and brightest > DARK:
                yield frame
            elif not refused or spread > refused[0][0]:
                refused[:] = [(spread, frame)]

    return or_else(good(), lambda: (frame for _, frame in refused))


def or_else(items: Iterable[Item], others: Callable[[], Iterable[Item]]) -> Iterator[Item]:
    """Yield the items; where there are none, the others."""
    none = True
    for item in items:
        none = False
        yield item
    if none:
        yield from others()


def _judged(frame: Image.Image) -> tuple[float, float]:
    """Return the standard deviation of the channel that varies most, and the brightest place."""
    pixels = np.asarray(frame.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    return float(pixels.std(axis=(0, 1)).max()), float(pixels.max())
