"""A closed tour as an array, and reversals of its stretches that are planned before they are made.

Every change of a tour that keeps it whole is a chain of reversals. A search looks far more often
than it leaps, so reversals are first written down; where a node would stand is then computed by
mirroring its place in each of them. Only a chain that pays is carried out. The written list also
serves to take changes back: a reversal undoes itself.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.metric import Ints


class Tour(NamedTuple):
    """A tour and its list of reversals, of which each caller knows how many are made or planned.

    order : (n,) int32, the nodes in the order of the tour
    place : (n,) int32, where each node stands in it
    starts : (capacity,) int32, first place of each reversed stretch
    sizes : (capacity,) int32, its number of nodes; a stretch may run over the end of the array
    longest : number of nodes that a reversal may turn
    """

    order: Ints
    place: Ints
    starts: Ints
    sizes: Ints
    longest: int


def make_tour(nodes: npt.NDArray[np.integer], capacity: int, longest: int) -> Tour:
    """Make a tour of the nodes in the given order, with room for so many reversals."""
    order = nodes.astype(np.int32)
    place = np.empty_like(order)
    place[order] = np.arange(len(order), dtype=np.int32)
    starts, sizes = np.empty((2, capacity), np.int32)
    return Tour(order, place, starts, sizes, longest)


@compiled
def wrap(place: int, n: int) -> int:
    """Bring a place at most one round off back into the array."""
    if place < 0:
        return place + n
    return place - n if place >= n else place


@compiled
def mirror(tour: Tour, reversal: int, place: int) -> int:
    """Return where one reversal takes what stands at a place."""
    n = tour.order.size
    offset = wrap(place - tour.starts[reversal], n)
    if offset >= tour.sizes[reversal]:
        return place
    return wrap(tour.starts[reversal] + tour.sizes[reversal] - 1 - offset, n)


@compiled
def place_of(tour: Tour, made: int, planned: int, node: int) -> int:
    """Return the place of a node after the planned reversals."""
    place = int(tour.place[node])
    for reversal in range(made, planned):
        place = mirror(tour, reversal, place)
    return place


@compiled
def node_at(tour: Tour, made: int, planned: int, place: int) -> int:
    """Return the node at a place, which may be one before or after the array, as planned."""
    place = wrap(place, tour.order.size)
    for reversal in range(planned - 1, made - 1, -1):
        place = mirror(tour, reversal, place)
    return int(tour.order[place])


@compiled
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


@compiled
def are_short(tour: Tour, made: int, planned: int) -> bool:
    """Tell whether none of the planned reversals turns more nodes than it may."""
    longest = 0
    for reversal in range(made, planned):
        longest = max(longest, tour.sizes[reversal])
    return longest <= tour.longest


@compiled
def carry_out(tour: Tour, made: int, planned: int) -> None:
    """Make the reversals that are planned."""
    for reversal in range(made, planned):
        reverse(tour, reversal)


@compiled
def take_back(tour: Tour, made: int) -> None:
    """Undo all reversals that are made, the last one first."""
    for reversal in range(made - 1, -1, -1):
        reverse(tour, reversal)


@compiled
def reverse(tour: Tour, reversal: int) -> None:
    """Reverse one stretch in the arrays."""
    n = tour.order.size
    left = int(tour.starts[reversal])
    right = wrap(left + tour.sizes[reversal] - 1, n)
    for _ in range(tour.sizes[reversal] // 2):
        one, other = tour.order[left], tour.order[right]
        tour.order[left], tour.place[other] = other, left
        tour.order[right], tour.place[one] = one, right
        left = wrap(left + 1, n)
        right = wrap(right - 1, n)
