"""How far one order is from another: the rows that must be moved to come from one to the other."""

from bisect import bisect_left

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.vectors import Ints


def count_displaced(path: Ints, former: Ints) -> int:
    """Return the least number of former rows whose moves lead to the order that they have on a path.

    path : (n,) int32, a permutation;  former : (m,) int32, some of its rows in their former order
    """
    places = former_places(path, former)
    if (np.diff(places) > 0).all():
        return 0
    return len(places) - longest_rise(places.tolist())


def turned_like(path: Ints, former: Ints) -> Ints:
    """Walk a path the way in which most of its former rows follow each other as before."""
    steps = np.sign(np.diff(former_places(path, former)))
    return path if steps.sum() >= 0 else path[::-1].copy()


def former_places(path: Ints, former: Ints) -> npt.NDArray[np.int64]:
    """Return the former place of each row that had one, in the order of the path."""
    place = np.full(len(path), -1)
    place[former] = np.arange(len(former))
    places: npt.NDArray[np.int64] = place[path]
    return places[places >= 0]


def longest_rise(numbers: list[int]) -> int:
    """Return the length of the longest increasing subsequence (Schensted 1961), in O(n log n)."""
    ends: list[int] = []  # the least number in which a rise of each length ends
    for number in numbers:
        if not ends or number > ends[-1]:
            ends.append(number)
        else:
            ends[bisect_left(ends, number)] = number
    return len(ends)
