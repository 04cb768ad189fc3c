"""Stage `duplicate_groups`: contents into groups of which every member shows the same as the best.

Chains of likeness (A like B, B like C) would join pictures that are not alike. So the best content of all
that hang together takes those that are confirmed against itself, candidates or not; of the rest again the
best, and so on. What is kept in place of a member is always what the member was compared with.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from scripts.lib.duplicates.candidates import (
    Pairs,
    Rows,
    equal_pairs,
    graph_pairs,
    hash_pairs,
    joined,
    upright,
)
from scripts.lib.duplicates.confirm import plain_sketches
from scripts.lib.duplicates.judge import Judge

BLOCK = 1 << 12  # pairs that a thread confirms at a time


class Membership(NamedTuple):
    """Where each content belongs.

    best : (c,) int64, the best content of its group; itself where it is alone or the best
    turn : (c,) int8, what turns it, or the best, into the other
    """

    best: Rows
    turn: npt.NDArray[np.int8]


def candidate_pairs(
    judge: Judge,
    graph: npt.NDArray[np.int32],
    bits: int,
    turns: Sequence[int],
    threads: int = 1,
    progress: Callable[[int], object] = lambda searches: None,
) -> Pairs:
    """Return the pairs of contents that are worth a look; see `candidates`.

    graph : (n, k) int32, the neighbours of each item
    progress : called with the number of searches newly done, `len(PARTS)` for each turn
    """
    embedded = np.flatnonzero(judge.items >= 0)
    first = np.full(len(graph), -1, np.int64)
    first[judge.items[embedded][::-1]] = embedded[::-1]
    equal = equal_pairs(judge.items[embedded].astype(np.int32), first)
    equal = upright(embedded[equal.ours], equal.theirs) if len(embedded) else equal
    hashed = np.flatnonzero(judge.rows >= 0)
    hashed = hashed[~plain_sketches(judge.sketches)[judge.rows[hashed]]]
    alike = hash_pairs(judge.sketches[judge.rows[hashed]], bits, turns, threads, progress)
    alike = Pairs(hashed[alike.ours], hashed[alike.theirs], alike.turn)
    return joined([graph_pairs(graph, first), equal, alike])


def confirm_pairs(judge: Judge, pairs: Pairs, progress: Callable[[int], object], threads: int = 1) -> Pairs:
    """Return those of the pairs that are duplicates."""
    count = len(pairs.ours)
    blocks = [np.arange(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
    same = np.zeros(count, bool)
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda block: judge.same(pairs.select(block)), blocks)
        for block, confirmed in zip(blocks, found, strict=True):
            same[block] = confirmed
            progress(len(block))
    return pairs.select(same)


def group_contents(pairs: Pairs, rank: Rows, judge: Judge, turns: Sequence[int] = (0,)) -> Membership:
    """Return the group of each content, by its best.

    pairs : duplicates
    rank : (c,) int64, a permutation; 0 is the best of all contents
    """
    best, turn = np.arange(len(rank)), np.zeros(len(rank), np.int8)
    while len(pairs.ours):
        tried = _with_best(pairs, rank, turns)
        tried = tried.select(judge.same(tried))
        known = _of_best(pairs, rank)
        for each in (tried, known):  # what was known counts, and its turn
            best[each.theirs], turn[each.theirs] = each.ours, each.turn
        alone = np.ones(len(rank), bool)
        for each in (tried, known):
            alone[each.ours] = alone[each.theirs] = False
        pairs = pairs.select(alone[pairs.ours] & alone[pairs.theirs])
    return Membership(best, turn)


def _best_of_each(pairs: Pairs, rank: Rows) -> Rows:
    """Return the best of all that hang together with each content: (c,) int64."""
    size = len(rank)
    links = coo_array((np.ones(len(pairs.ours), bool), (pairs.ours, pairs.theirs)), shape=(size, size))
    count, label = connected_components(links, directed=False)
    least = np.full(count, size)
    np.minimum.at(least, label, rank)
    by_rank = np.argsort(rank)
    found: Rows = by_rank[least][label]
    return found


def _of_best(pairs: Pairs, rank: Rows) -> Pairs:
    """Return the pairs of which one is the best of all that hang together with it, that one first."""
    best = _best_of_each(pairs, rank)
    ours, theirs = best[pairs.ours] == pairs.ours, best[pairs.theirs] == pairs.theirs
    there = ours | theirs
    swapped = np.where(theirs, pairs.theirs, pairs.ours), np.where(theirs, pairs.ours, pairs.theirs)
    return Pairs(swapped[0], swapped[1], pairs.turn).select(there)


def _with_best(pairs: Pairs, rank: Rows, turns: Sequence[int]) -> Pairs:
    """Pair the best of all that hang together with each of the others, in every turn."""
    best = _best_of_each(pairs, rank)
    others = np.flatnonzero(best != np.arange(len(rank)))
    turned = np.repeat(np.array(turns, np.int8), len(others))
    others = np.tile(others, len(turns))
    return Pairs(best[others], others, turned)
