"""Pairs of contents that are worth a look: near in the graph, equal in their vectors, or alike in their
hashes.

A pair that is missed here costs little where its group is found in another way: later every member of a group
is compared with the best of it, candidate or not.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.duplicates.part_hashes import PARTS, WHOLE, Hashes, part_hashes
from scripts.lib.duplicates.sketches import Sketches

TURNS = 8
NEIGHBOURS = 8  # of each item in the graph
ANSWERS = 8  # of the hashes most like one
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


def hash_pairs(sketches: Sketches, bits: int, turns: Sequence[int]) -> Pairs:
    """Return pairs of which a part of one, turned, has nearly the hash of the other, by rows of the sketches.

    Equal hashes are looked for once, and each sketch with such a hash is paired with the first of them.

    sketches : (n,) SKETCH
    bits : in which hashes may differ
    """
    whole = part_hashes(sketches, WHOLE)
    _, first, of = np.unique(whole.view(">u8")[:, 0], return_index=True, return_inverse=True)
    found = [upright(np.arange(len(of)), first[of])]
    if not len(first):
        return joined(found)
    index = _index(whole[first])
    for turn in turns:
        for part in PARTS:
            plain = (turn, part) == (0, WHOLE)
            asked = first if plain else np.arange(len(sketches))
            queries = whole[first] if plain else part_hashes(sketches, part, turn)
            there, row = _nearest(index, queries, bits, FLIPS if part == WHOLE else 0)
            ours, theirs = asked[there], first[row]
            found.append(
                Pairs(ours, theirs, np.full(len(ours), turn, np.int8)) if turn else upright(ours, theirs)
            )
    return joined(found)


def _index(hashes: Hashes) -> Any:
    import faiss

    size = 8 * hashes.shape[1]
    small = len(hashes) <= EXHAUSTIVE
    index = faiss.IndexBinaryFlat(size) if small else faiss.IndexBinaryMultiHash(size, PIECES, PIECE_BITS)
    index.add(hashes)
    return index


def _nearest(index: Any, queries: Hashes, bits: int, flips: int) -> tuple[Rows, Rows]:
    """Return which queries have answers within so many bits, and their rows in the index."""
    if hasattr(index, "nflip"):
        index.nflip = flips
    distances, rows = index.search(queries, ANSWERS)
    good = (rows >= 0) & (distances <= bits)
    return np.nonzero(good)[0], rows[good]
