"""A closed tour as an array, and reversals of its stretches that are planned before they are made.

Every change of a tour that keeps it whole is a chain of reversals. A search looks far more often
than it leaps, so reversals are first written down; where a node would stand is then computed by
mirroring its place in each of them. Only a chain that pays is carried out. The written list also
serves to take changes back: a reversal undoes itself.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.metric import Ints


class Tour(NamedTuple):
    """A tour and its list of reversals, of which each caller knows how many are made or planned.

    order : (n,) int32, the nodes in the order of the tour
    place : (n,) int32, where each node stands in it
    starts : (capacity,) int32, first place of each reversed stretch
    sizes : (capacity,) int32, its number of nodes; a stretch may run over the end of the array
    """

    order: Ints
    place: Ints
    starts: Ints
    sizes: Ints


def make_tour(nodes: npt.NDArray[np.integer], capacity: int) -> Tour:
    """Make a tour of the nodes in the given order, with room for so many reversals."""
    order = nodes.astype(np.int32)
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=np.int32)
    return Tour(order, place, np.empty(capacity, np.int32), np.empty(capacity, np.int32))


@njit(cache=True)
def wrap(place: int, n: int) -> int:
    """Bring a place at most one round off back into the array."""
    if place < 0:
        return place + n
    return place - n if place >= n else place


@njit(cache=True)
def mirror(tour: Tour, reversal: int, place: int) -> int:
    """Return where one reversal takes what stands at a place."""
    n = tour.order.size
    offset = wrap(place - tour.starts[reversal], n)
    if offset >= tour.sizes[reversal]:
        return place
    return wrap(tour.starts[reversal] + tour.sizes[reversal] - 1 - offset, n)


@njit(cache=True)
def place_of(tour: Tour, made: int, planned: int, node: int) -> int:
    """Return the place of a node after the planned reversals."""
    place = np.int64(tour.place[node])
    for reversal in range(made, planned):
        place = mirror(tour, reversal, place)
    return place


@njit(cache=True)
def node_at(tour: Tour, made: int, planned: int, place: int) -> int:
    """Return the node at a place, which may be one before or after the array, as planned."""
    place = wrap(place, tour.order.size)
    for reversal in range(planned - 1, made - 1, -1):
        place = mirror(tour, reversal, place)
    return np.int64(tour.order[place])


@njit(cache=True)
def plan(tour: Tour, planned: int, start: int, end: int, forward: bool) -> bool:
    """Write down the reversal of the stretch between two places; walk from start, forward or not.

    The rest of the tour is reversed instead where it is the smaller part, which comes to the same
    tour walked the other way. Returns the direction of what was forward.
    """
    n = tour.order.size
    first, last = (start, end) if forward else (end, start)
    size = wrap(last - first, n) + 1
    rest_is_smaller = 2 * size > n
    tour.starts[planned] = wrap(last + 1, n) if rest_is_smaller else wrap(first, n)
    tour.sizes[planned] = n - size if rest_is_smaller else size
    return forward != rest_is_smaller


@njit(cache=True)
def carry_out(tour: Tour, made: int, planned: int) -> None:
    """Make the reversals that are planned."""
    for reversal in range(made, planned):
        reverse(tour, reversal)


@njit(cache=True)
def take_back(tour: Tour, kept: int, made: int) -> None:
    """Undo the reversals made since a point in the list, the last one first."""
    for reversal in range(made - 1, kept - 1, -1):
        reverse(tour, reversal)


@njit(cache=True)
def reverse(tour: Tour, reversal: int) -> None:
    """Reverse one stretch in the arrays."""
    n = tour.order.size
    left = np.int64(tour.starts[reversal])
    right = wrap(left + tour.sizes[reversal] - 1, n)
    for _ in range(tour.sizes[reversal] // 2):
        one, other = tour.order[left], tour.order[right]
        tour.order[left], tour.place[other] = other, left
        tour.order[right], tour.place[one] = one, right
        left = wrap(left + 1, n)
        right = wrap(right - 1, n)
