"""Near-duplicates side by side, wherever that costs nothing.

The search stops where no move shortens the path; among equally short paths it knows no preference.
People do: a picture and its copy belong together. So each run of a group that stands apart from the
rest of it is moved beside the rest if the path gets no longer by that.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.candidates import Vectors
from scripts.lib.ordering.metric import Ints, kernel_view, pair_distances

ROUNDING = 1e-6  # of the lengths that are compared
SWEEPS = 3
END = -1


@dataclass
class LinkedPath:
    """A path that nodes can be taken out of and put into.

    before, after : (n,) int32, the nodes beside each, END at the ends
    """

    vectors: npt.NDArray[np.generic]
    before: Ints
    after: Ints
    first: int

    def order(self) -> Ints:
        """Return the path: (n,) int32."""
        path = np.empty_like(self.after)
        node = self.first
        for place in range(len(path)):
            path[place] = node
            node = int(self.after[node])
        return path

    def tie(self, one: int, other: int) -> None:
        """Let two nodes follow each other, either of which may be END."""
        if one != END:
            self.after[one] = other
        else:
            self.first = other
        if other != END:
            self.before[other] = one

    def lengths(self, ones: Ints, others: Ints) -> npt.NDArray[np.float64]:
        """Return the length of each link, zero beyond the ends."""
        known = (ones != END) & (others != END)
        lengths = np.zeros(len(ones))
        lengths[known] = pair_distances(self.vectors, ones[known], others[known])
        return lengths


def bring_together(vectors: Vectors, path: Ints, labels: Ints) -> Ints:
    """Move near-duplicates beside each other where the path gets no longer, but for rounding.

    path : (n,) int32, a permutation
    labels : (n,) int32, the group of each vector
    returns : (n,) int32, a permutation
    """
    for _ in range(SWEEPS):
        runs = stray_runs(path, labels)
        linked = _link(vectors, path)
        moved = [_move(linked, run, members) for run, members in runs]
        path = linked.order()
        if not any(moved):
            break
    return path


def stray_runs(path: Ints, labels: Ints) -> list[tuple[Ints, Ints]]:
    """Return each run of a group that stands in more than one, with the members outside it.

    The longest run of a group stays where it is.
    """
    along = labels[path]
    starts = np.flatnonzero(np.append(True, along[1:] != along[:-1])[: len(along)])
    ends = np.append(starts[1:], len(along))
    of_group = along[starts]
    scattered = np.flatnonzero(np.bincount(of_group)[of_group] > 1)
    by_group = scattered[np.lexsort((starts[scattered] - ends[scattered], of_group[scattered]))]
    groups = np.split(by_group, np.flatnonzero(np.diff(of_group[by_group])) + 1)
    pieces = [[path[starts[run] : ends[run]] for run in runs] for runs in groups if len(runs)]
    return [
        (piece, np.concatenate([other for other in all_of_them if other is not piece]))
        for all_of_them in pieces
        for piece in all_of_them[1:]
    ]


def _link(vectors: Vectors, path: Ints) -> LinkedPath:
    before, after = np.full(len(path), END, np.int32), np.full(len(path), END, np.int32)
    after[path[:-1]], before[path[1:]] = path[1:], path[:-1]
    return LinkedPath(kernel_view(vectors), before, after, int(path[0]) if len(path) else END)


def _move(linked: LinkedPath, run: Ints, members: Ints) -> bool:
    """Move a run beside one of the members, if that costs nothing; tell whether it did."""
    head, tail = int(run[0]), int(run[-1])
    left, right = int(linked.before[head]), int(linked.after[tail])
    ones = np.array([left, tail, left], np.int32)
    others = np.array([head, right, right], np.int32)
    into, out, closed = linked.lengths(ones, others)
    gaps_before = np.concatenate([linked.before[members], members])
    gaps_after = np.concatenate([members, linked.after[members]])
    inside = np.isin(gaps_before, run) | np.isin(gaps_after, run)
    gaps_before, gaps_after = gaps_before[~inside], gaps_after[~inside]
    if not len(gaps_before):
        return False
    heads, tails = np.full(len(gaps_before), head, np.int32), np.full(len(gaps_before), tail, np.int32)
    open_gap = linked.lengths(gaps_before, gaps_after)
    ahead = linked.lengths(gaps_before, heads) + linked.lengths(tails, gaps_after) - open_gap
    turned = linked.lengths(gaps_before, tails) + linked.lengths(heads, gaps_after) - open_gap
    gap = int(np.minimum(ahead, turned).argmin())
    cost, gain = min(ahead[gap], turned[gap]), into + out - closed
    if cost > gain + ROUNDING * (into + out):
        return False
    linked.tie(left, right)
    nodes = [int(node) for node in (run if ahead[gap] <= turned[gap] else run[::-1])]
    nodes = [int(gaps_before[gap]), *nodes, int(gaps_after[gap])]
    for one, other in pairwise(nodes):
        linked.tie(one, other)
    return True
