"""Near-duplicates side by side, wherever that costs nothing.

The search stops where no move shortens the path; among equally short paths it knows no preference.
People do: a picture and its copy belong together. So each run of a group that stands apart from the
longest is moved beside another member of its group if the path gets no longer by that. It looks at the
members that its nodes are linked to, in the neighbour graph or by the tree's edges that made the group.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.metric import kernel_view
from scripts.lib.ordering.search.ring import Ring, link, make_ring, tie, unroll
from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.vectors import Ints, Rows, Vectors

ROUNDING = 1e-6  # of the lengths that are compared
SWEEPS = 3


class Runs(NamedTuple):
    """The stretches of a path whose nodes belong to one group, a node alone in its group included.

    path : (n,) int32
    starts : (r + 1,) int64, their first places, and n
    of_node : (n,) int64, the run that each node is in
    stray : (s,) int64, runs beside which their group has a longer one
    """

    path: Ints
    starts: Rows
    of_node: Rows
    stray: Rows


class Members(NamedTuple):
    """For each node the members of its group that it is linked to: nodes[starts[i] : starts[i + 1]].

    starts : (n + 1,) int64
    nodes : (m,) int32
    """

    starts: Rows
    nodes: Ints


class Gap(NamedTuple):
    """Where a run may go: between a node and the next one, its head first or, turned, its tail."""

    cost: float
    left: int
    turned: bool


def bring_together(
    vectors: Vectors, graph: NeighborGraph, tree: Edges, path: Ints, labels: Ints, first: int | None = None
) -> Ints:
    """Move near-duplicates beside each other where the path gets no longer, but for rounding.

    path : (n,) int32, a permutation
    labels : (n,) int32, the group of each vector
    first : the node that stays where the path begins, if any
    returns : (n,) int32, a permutation
    """
    if len(path) < 3:
        return path
    members = linked_members(graph, tree, labels)
    for _ in range(SWEEPS):
        runs, ring = find_runs(path, labels), make_ring(path, len(path))
        fixed = -1 if first is None else int(first)
        moved = move_stray(kernel_view(vectors), ring, runs, members, fixed)
        path = unroll(ring)
        if not moved:
            break
    return path


def linked_members(graph: NeighborGraph, tree: Edges, labels: Ints) -> Members:
    """Collect the links within groups, from either side."""
    rows, columns = np.nonzero(labels[graph.indices] == labels[:, np.newaxis])
    inside = tree[labels[tree["source"]] == labels[tree["target"]]]
    ones = np.concatenate([rows, inside["source"], inside["target"]])
    others = np.concatenate([graph.indices[rows, columns], inside["target"], inside["source"]])
    order = np.argsort(ones, kind="stable")
    starts = np.searchsorted(ones[order], np.arange(len(labels) + 1))
    return Members(starts, others[order].astype(np.int32))


def find_runs(path: Ints, labels: Ints) -> Runs:
    """Cut a path into runs; of equally long runs of a group the first one is no stray."""
    along = labels[path]
    starts = np.flatnonzero(np.append(True, along[1:] != along[:-1]))
    starts = np.append(starts, len(path))
    groups, sizes = along[starts[:-1]], np.diff(starts)
    of_node = np.empty(len(path), np.int64)
    of_node[path] = np.arange(len(sizes)).repeat(sizes)
    longest_first = np.lexsort((-sizes, groups))
    longest = longest_first[np.append(True, np.diff(groups[longest_first]) != 0)]
    stray = np.setdiff1d(np.arange(len(sizes)), longest, assume_unique=True)
    return Runs(path, starts, of_node, stray)


@njit(cache=True, nogil=True)
def move_stray(vectors: npt.NDArray[Any], ring: Ring, runs: Runs, members: Members, fixed: int) -> int:
    """Move each stray run to its best gap if that costs nothing; return how many were moved.

    A run into which another one was put stays for this time, and so does the one that begins the path
    with a fixed node.
    """
    settled = np.zeros(runs.starts.size - 1, np.bool_)
    if fixed >= 0:
        settled[runs.of_node[fixed]] = True
    moved = 0
    for run in runs.stray:
        if settled[run]:
            continue
        head, tail = runs.path[runs.starts[run]], runs.path[runs.starts[run + 1] - 1]
        left, right = ring.before[head], ring.after[tail]
        opened = link(vectors, left, head) + link(vectors, tail, right)
        gap = best_gap(vectors, ring, runs, members, run, fixed)
        if gap.cost <= opened - link(vectors, left, right) + ROUNDING * opened:
            beyond = ring.after[gap.left]
            extra = ring.after.size - 1
            if gap.left != extra and beyond != extra and runs.of_node[gap.left] == runs.of_node[beyond]:
                settled[runs.of_node[beyond]] = True
            tie(ring, left, right)
            put(ring, runs.path[runs.starts[run] : runs.starts[run + 1]], gap)
            moved += 1
    return moved


@njit(cache=True, nogil=True)
def best_gap(
    vectors: npt.NDArray[Any], ring: Ring, runs: Runs, members: Members, run: int, fixed: int
) -> Gap:
    """Find the cheapest gap beside a member of the group that a run is linked to."""
    nodes = runs.path[runs.starts[run] : runs.starts[run + 1]]
    head, tail = nodes[0], nodes[-1]
    best = Gap(np.inf, -1, False)
    for node in nodes:
        for other in members.nodes[members.starts[node] : members.starts[node + 1]]:
            if runs.of_node[other] == run:
                continue
            for beyond in (False, True):
                left = int(other) if beyond else int(ring.before[other])
                right = int(ring.after[left])
                if left == tail or right == head or right == fixed:
                    continue
                saved = link(vectors, left, right)
                ahead = link(vectors, left, head) + link(vectors, tail, right) - saved
                turned = link(vectors, left, tail) + link(vectors, head, right) - saved
                if min(ahead, turned) < best.cost:
                    best = Gap(min(ahead, turned), left, turned < ahead)
    return best


@njit(cache=True, nogil=True)
def put(ring: Ring, nodes: Ints, gap: Gap) -> None:
    """Put nodes that were taken out into a gap, in their order or turned."""
    left, right = gap.left, ring.after[gap.left]
    for node in nodes[::-1] if gap.turned else nodes:
        tie(ring, left, node)
        left = node
    tie(ring, left, right)
