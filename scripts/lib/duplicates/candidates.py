"""Pairs of contents that are worth a look: near in the graph, equal in their vectors, or alike in their
hashes.

A pair that is missed here costs little where its group is found in another way: later every member of a group
is compared with the best of it, candidate or not.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.duplicates.part_hashes import PARTS, WHOLE, Hashes, part_hashes
from scripts.lib.duplicates.sketches import Sketches
from scripts.lib.ordering.graph.candidates import workers

TURNS = 8
NEIGHBOURS = 8  # of each item in the graph
ANSWERS = 8  # of the hashes most like one
QUERIES = 1 << 12  # of a thread at a time
EXHAUSTIVE = 20_000  # hashes up to which each is compared with each
# Beyond, what has a quarter of the hash in common is looked at: all that differ in 3 bits, most that differ
# in 6. Of whole images a bit of the quarter may differ, too, which takes far longer.
PIECES, PIECE_BITS, FLIPS = 4, 16, 1

Rows = npt.NDArray[np.int64]


class Pairs(NamedTuple):
    """Pairs of contents.

    ours, theirs : (p,) int64, contents; of pairs without turn the first is the smaller
    turn : (p,) int8, what the first is to be turned by
    """

    ours: Rows
    theirs: Rows
    turn: npt.NDArray[np.int8]

    def select(self, which: npt.NDArray[np.generic]) -> "Pairs":
        """Return some of the pairs, by a mask or by rows."""
        return Pairs(self.ours[which], self.theirs[which], self.turn[which])


def upright(ours: Rows, theirs: Rows) -> Pairs:
    """Return pairs without a turn."""
    return Pairs(np.minimum(ours, theirs), np.maximum(ours, theirs), np.zeros(len(ours), np.int8))


def joined(several: Sequence[Pairs]) -> Pairs:
    """Return all pairs, each once, sorted; none of a content with itself, or with none (-1)."""
    ours, theirs, turn = (np.concatenate(column) for column in zip(*several, strict=True))
    there = (ours != theirs) & (ours >= 0) & (theirs >= 0)
    size = max(ours.max(initial=0), theirs.max(initial=0)) + 1
    codes = np.unique((ours[there] * size + theirs[there]) * TURNS + turn[there])  # far faster than rows
    pairs, turn = np.divmod(codes, TURNS)
    return Pairs(*np.divmod(pairs, size), turn.astype(np.int8))


def graph_pairs(indices: npt.NDArray[np.int32], content: Rows) -> Pairs:
    """Return each item with its nearest neighbours, by the first content of each item.

    indices : (n, k) int32, the graph
    content : (n,) int64, the content that stands for each item
    """
    near = indices[:, :NEIGHBOURS]
    items = np.repeat(np.arange(len(near)), near.shape[1])
    there = near.ravel() >= 0
    return upright(content[items[there]], content[near.ravel()[there]])


def equal_pairs(rows: npt.NDArray[np.int32], content: Rows) -> Pairs:
    """Return each content with the one that stands for its item; equal vectors are one item.

    rows : (c,) int32, the item of each content
    """
    return upright(np.arange(len(rows)), content[rows])


def hash_pairs(
    sketches: Sketches,
    bits: int,
    turns: Sequence[int],
    threads: int = 1,
    progress: Callable[[int], object] = lambda searches: None,
) -> Pairs:
    """Return pairs of which a part of one, turned, has nearly the hash of the other, by rows of the sketches.

    Equal hashes are looked for once, and each sketch with such a hash is paired with the first of them.

    sketches : (n,) SKETCH
    bits : in which hashes may differ
    progress : called with the number of searches newly done, one for each part and turn
    """
    whole = np.ascontiguousarray(sketches["hash"])
    _, first, of = np.unique(whole.view(">u8")[:, 0], return_index=True, return_inverse=True)
    found = [upright(np.arange(len(of)), first[of])]
    if not len(first):
        return joined(found)
    index = _Index(whole[first], threads)
    for turn in turns:
        for part in PARTS:
            plain = (turn, part) == (0, WHOLE)
            asked = first if plain else np.arange(len(sketches))
            queries = whole[first] if plain else part_hashes(sketches, part, turn)
            there, row = index.within(bits, queries, FLIPS if part == WHOLE else 0)
            ours, theirs = asked[there], first[row]
            found.append(
                Pairs(ours, theirs, np.full(len(ours), turn, np.int8)) if turn else upright(ours, theirs)
            )
            progress(1)
    return joined(found)


class _Index:
    """Hashes that are asked for those most like others.

    Threads share the queries: FAISS's own wait for each other at every turn, on busy cores for minutes.
    """

    def __init__(self, hashes: Hashes, threads: int) -> None:
        import faiss

        size, self.threads = 8 * hashes.shape[1], threads
        small = len(hashes) <= EXHAUSTIVE
        self.index = (
            faiss.IndexBinaryFlat(size) if small else faiss.IndexBinaryMultiHash(size, PIECES, PIECE_BITS)
        )
        self.index.add(hashes)

    def within(self, bits: int, queries: Hashes, flips: int) -> tuple[Rows, Rows]:
        """Return which queries have answers within so many bits, and the rows of the answers."""
        if hasattr(self.index, "nflip"):
            self.index.nflip = flips
        blocks = [queries[start : start + QUERIES] for start in range(0, len(queries), QUERIES)]
        with workers(self.threads) as pool:
            answers = list(pool.map(lambda block: self.index.search(block, ANSWERS), blocks))
        distances, rows = (np.concatenate(each) for each in zip(*answers, strict=True))
        good = (rows >= 0) & (distances <= bits)
        return np.nonzero(good)[0], rows[good]
