"""Which images an epoch shows, and in which order: a matter of the seed and the epoch alone.

So a training that goes on from a checkpoint sees what it would have seen without a break. An epoch is a
number of images, not one round through all of them: it takes as long, and a learning rate means the same,
for two hundred images as for a million.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from scripts.lib.embedding.training.pixel_cache import Pixels

HELD_OUT_SHARE = 20  # one image of so many
HELD_OUT_MOST = 512


class Split(NamedTuple):
    """Rows of images: those trained on, and those that only say how good the network is on others.

    trained, held_out : int64, disjoint, together all rows
    """

    trained: np.ndarray
    held_out: np.ndarray


def chosen(ids: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return the contents (n,) S32 to train on, at most so many of them, drawn by lot; in their order."""
    lots = np.random.default_rng((seed, 2)).permutation(len(ids))
    return ids[np.sort(lots[:most])]


def split(count: int, seed: int) -> Split:
    """Hold a few of the images out by lot; none of very few."""
    order = np.random.default_rng((seed, 0)).permutation(count)
    held_out = min(count // HELD_OUT_SHARE, HELD_OUT_MOST)
    return Split(np.sort(order[held_out:]), np.sort(order[:held_out]))


def epoch_rows(rows: np.ndarray, epoch: int, per_epoch: int, seed: int) -> np.ndarray:
    """Return what an epoch shows, (per_epoch,), in shuffled rounds: nothing twice before all came once."""
    first = epoch * per_epoch
    rounds = range(first // len(rows), -(-(first + per_epoch) // len(rows)))
    shuffled = [np.random.default_rng((seed, 1, each)).permutation(rows) for each in rounds]
    start = first - rounds.start * len(rows)
    return np.concatenate(shuffled)[start : start + per_epoch]


def batches(pixels: Pixels, rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Yield the squares of rows, so many at a time: (b, size, size, 3) uint8."""
    for start in range(0, len(rows), size):
        yield pixels.read(rows[start : start + size])
