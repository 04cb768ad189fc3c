"""A closed tour, and reversals of its stretches that are planned before they are made.

Every change of a tour that keeps it whole is a chain of reversals. A search looks far more often
than it leaps, so reversals are first written down; where a node would stand is then computed by
mirroring its place in each of them. Only a chain that pays is carried out. The written list also
serves to take changes back: a reversal undoes itself.

The tour is a sequence of chunks of about sqrt(n) nodes (`chunks`), which makes a reversal cost
that much instead of n: in a million nodes the neighbours of a node lie anywhere on the tour.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.search.chunks import Chunks, make_chunks, node_now, place_now, reverse_places
from scripts.lib.ordering.vectors import Ints


class Tour(NamedTuple):
    """A tour and its list of reversals, of which each caller knows how many are made or planned.

    chunks : the nodes in the order of the tour, from place 0 to place n - 1
    firsts, lasts : (capacity,) int32, the places that each reversal runs from and to
    longest : number of nodes that a reversal may turn
    """

    chunks: Chunks
    firsts: Ints
    lasts: Ints
    longest: int


def make_tour(nodes: npt.NDArray[np.integer], capacity: int, longest: int) -> Tour:
    """Make a tour of the nodes in the given order, with room for so many reversals."""
    firsts, lasts = np.empty((2, capacity), np.int32)
    return Tour(make_chunks(nodes.astype(np.int32)), firsts, lasts, longest)


@compiled
def wrap(place: int, n: int) -> int:
    """Bring a place at most one round off back into the tour."""
    if place < 0:
        return place + n
    return place - n if place >= n else place


@compiled
def place_of(tour: Tour, made: int, planned: int, node: int) -> int:
    """Return the place of a node after the planned reversals."""
    place = place_now(tour.chunks, node)
    for reversal in range(made, planned):
        if tour.firsts[reversal] <= place <= tour.lasts[reversal]:
            place = tour.firsts[reversal] + tour.lasts[reversal] - place
    return place


@compiled
def node_at(tour: Tour, made: int, planned: int, place: int) -> int:
    """Return the node at a place, which may be one before or after the tour's ends, as planned."""
    place = wrap(place, tour.chunks.slot.size)
    for reversal in range(planned - 1, made - 1, -1):
        if tour.firsts[reversal] <= place <= tour.lasts[reversal]:
            place = tour.firsts[reversal] + tour.lasts[reversal] - place
    return node_now(tour.chunks, place)


@compiled
def plan(tour: Tour, planned: int, start: int, end: int, forward: bool) -> bool:
    """Write down the reversal of the stretch between two places; walk from start, forward or not.

    Where the stretch runs over the last place, the rest of the tour is reversed instead, which
    comes to the same tour walked the other way. Returns the direction of what was forward.
    """
    first, last = (start, end) if forward else (end, start)
    if first <= last:
        tour.firsts[planned], tour.lasts[planned] = first, last
        return forward
    tour.firsts[planned], tour.lasts[planned] = last + 1, first - 1
    return not forward


@compiled
def are_short(tour: Tour, made: int, planned: int) -> bool:
    """Tell whether the planned reversals turn no more nodes than they may, or leave no more."""
    longest, n = 0, tour.chunks.slot.size
    for reversal in range(made, planned):
        size = tour.lasts[reversal] - tour.firsts[reversal] + 1
        longest = max(longest, min(size, n - size))
    return longest <= tour.longest


@compiled
def carry_out(tour: Tour, made: int, planned: int) -> None:
    """Make the reversals that are planned."""
    for reversal in range(made, planned):
        reverse_places(tour.chunks, tour.firsts[reversal], tour.lasts[reversal])


@compiled
def take_back(tour: Tour, made: int) -> None:
    """Undo all reversals that are made, the last one first."""
    for reversal in range(made - 1, -1, -1):
        reverse_places(tour.chunks, tour.firsts[reversal], tour.lasts[reversal])
