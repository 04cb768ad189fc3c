"""Where a path begins and ends: at its weakest link, or where the user wants it to."""

import numpy as np

from scripts.lib.ordering.metric import kernel_view, pair_distances
from scripts.lib.ordering.vectors import Ints, Vectors


def cut_at_weakest_link(vectors: Vectors, path: Ints) -> Ints:
    """Turn the path so that it ends where its longest link was, if that shortens it.

    Both ends joined, the path is a ring; the collection itself breaks at its longest link.
    """
    if len(path) < 3:
        return path
    lengths = pair_distances(kernel_view(vectors), path, np.roll(path, -1))  # the last one closes it
    weakest = int(lengths.argmax())
    return np.roll(path, -weakest - 1) if lengths[weakest] > lengths[-1] else path


def beginning_with(path: Ints, first: int | None) -> Ints:
    """Return the path with one of its nodes, if any is named, put in front."""
    if first is None:
        return path
    return np.append(np.int32(first), path[path != first])


def directed(path: Ints, first: int | None = None) -> Ints:
    """Return the path from its first node, or from that end which has the smaller number."""
    if len(path) < 2 or (path[0] < path[-1] if first is None else path[0] == first):
        return path
    return path[::-1].copy()
