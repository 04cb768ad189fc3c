"""What is known of the contents of a collection, and whether two of them are duplicates.

Where both have a sketch the sketches decide. Vectors alone decide where one has none (videos, vectors whose
images are not there, images that can't be decoded), and then only if they are very near; or where the user
has said how near is near enough.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scripts.lib.duplicates.candidates import Pairs, Rows
from scripts.lib.duplicates.confirm import confirmed
from scripts.lib.duplicates.fit import Mask
from scripts.lib.duplicates.part_hashes import WHOLE, bits_between, part_hashes
from scripts.lib.duplicates.sketches import Sketches

NEAR = 0.1  # of a typical distance: what re-encoding does to vectors, by all models tried
NEAR_OF_LAST = (
    0.25  # of the distance to the last neighbour in the graph, which is small where classes are dense
)
SAMPLE = 10_000  # random pairs, of which the median is typical
BLOCK = 1 << 14


@dataclass(frozen=True)
class Judge:
    """What is known of contents, by their row, and how it is judged.

    vectors : (n, d) float16 or float32
    items : (c,) int64, the row of each content's vector, -1 where it has none
    sketches : (s,) SKETCH
    rows : (c,) int64, the row of each content's sketch, -1 where it has none
    share : of a typical distance, up to which the user takes vectors for duplicates'; None leaves it to us
    last : the usual distance to the last neighbour in the graph
    """

    vectors: npt.NDArray[np.floating]
    items: Rows
    sketches: Sketches
    rows: Rows
    share: float | None = None
    seed: int = 0
    last: float = np.inf

    @cached_property
    def near(self) -> float:
        """Return the distance up to which vectors are near."""
        typical = typical_distance(self.vectors, self.seed)
        if self.share is not None:
            return self.share * typical
        return min(NEAR * typical, NEAR_OF_LAST * self.last)

    def distances(self, ours: Rows, theirs: Rows) -> npt.NDArray[np.float32]:
        """Return the distances of pairs of contents (p,), NaN where one has no vector: (p,) float32."""
        both = (self.items[ours] >= 0) & (self.items[theirs] >= 0)
        found = np.full(len(ours), np.nan, np.float32)
        found[both] = distances(self.vectors, self.items[ours[both]], self.items[theirs[both]])
        return found

    def sketched(self, pairs: Pairs) -> Mask:
        """Tell of which pairs both have a sketch: (p,) bool."""
        both: Mask = (self.rows[pairs.ours] >= 0) & (self.rows[pairs.theirs] >= 0)
        return both

    def same(self, pairs: Pairs) -> Mask:
        """Tell which pairs are duplicates: (p,) bool."""
        sketched = self.sketched(pairs)
        same = np.zeros(len(sketched), bool)
        for turn in np.unique(pairs.turn[sketched]).tolist():
            which = np.flatnonzero(sketched & (pairs.turn == turn))
            for start in range(0, len(which), BLOCK):
                block = which[start : start + BLOCK]
                ours, theirs = (self.rows[side[block]] for side in (pairs.ours, pairs.theirs))
                same[block] = confirmed(self.sketches[ours], self.sketches[theirs], turn)
        by_vector = np.flatnonzero((pairs.turn == 0) & ~same & (~sketched | (self.share is not None)))
        apart = self.distances(pairs.ours[by_vector], pairs.theirs[by_vector])
        same[by_vector] = apart <= self.near
        return same

    def bits(self, ours: Rows, theirs: Rows, turns: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
        """Return in how many bits the hashes of pairs (p,) differ, -1 where one has none: (p,) int32."""
        found = np.full(len(ours), -1, np.int32)
        both = (self.rows[ours] >= 0) & (self.rows[theirs] >= 0)
        for turn in np.unique(turns[both]).tolist():
            which = np.flatnonzero(both & (turns == turn))
            a, b = (self.sketches[self.rows[side[which]]] for side in (ours, theirs))
            found[which] = bits_between(part_hashes(a, WHOLE, turn), b["hash"])
        return found


def last_distance(distances: npt.NDArray[np.float32]) -> float:
    """Return the median distance to the last of the neighbours (n, k), infinite without any."""
    return float(np.median(distances[:, -1])) if distances.size else np.inf


def distances(vectors: npt.NDArray[np.floating], ours: Rows, theirs: Rows) -> npt.NDArray[np.float32]:
    """Return the Euclidean distances of pairs of rows (p,): (p,) float32."""
    found = np.empty(len(ours), np.float32)
    for start in range(0, len(ours), BLOCK):
        block = slice(start, start + BLOCK)
        apart = vectors[ours[block]].astype(np.float32) - vectors[theirs[block]].astype(np.float32)
        found[block] = np.linalg.norm(apart, axis=1)
    return found


def typical_distance(vectors: npt.NDArray[np.floating], seed: int = 0) -> float:
    """Return the median distance of random pairs, in which duplicates do not count, being few."""
    if len(vectors) < 2:
        return 0.0
    random = np.random.default_rng(seed)
    ours = random.integers(0, len(vectors), SAMPLE)
    theirs = (ours + random.integers(1, len(vectors), SAMPLE)) % len(vectors)
    return float(np.median(distances(vectors, ours, theirs)))
