"""How much of each vector's surroundings a path keeps, beyond the direct neighbours.

Two measures look at the k nearest on the path and the k nearest among the vectors. The share of kept
neighbours asks whether they are the same. The Distance Preservation Quality asks whether they are as near:
it forgives a neighbour that was exchanged for one that is hardly farther.

At layout distance t an inner place has two neighbours on the path, one on each side, and neither comes
first. So they always count half each: for an even k that is k / 2 on either side, for an odd k the two at
distance (k + 1) / 2 share the last vote. Towards an end of the path there are fewer on one side; where it
has no more, the other side alone goes on.

All distances are exact, from each vector of a seeded sample to all others.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.metric import kernel_view, pair_distances
from scripts.lib.ordering.vectors import Floats, Ints, Rows, Vectors, sample_rows

Doubles = npt.NDArray[np.float64]

NEIGHBORHOODS = (5, 10, 50)
NORM = 16
SAMPLE = 1_000  # vectors, at most
LEAST_SAMPLE = 100
WORK = 1e11  # multiplications for a sample above the least: about ten seconds on one core
BATCH_DISTANCES = 1 << 24
BLOCK_PAIRS = 1 << 17
NOTHING_TO_GAIN = 1e-6  # relative; single precision makes more of equal distances


class Kept(NamedTuple):
    """The share of neighbours that are kept.

    k : number of neighbours
    share : of the k nearest on the path, those no farther than the k-th nearest vector, so that any of
        several equally distant vectors will do; None where there are no more than k others
    chance : the same in a random order, k / (n - 1), if no two distances are equal
    """

    k: int
    share: float | None
    chance: float | None


class Preservation(NamedTuple):
    """What a path keeps of its vectors' surroundings, 1 being everything.

    sample : number of vectors from which it was measured; all of them where it is n
    neighbors : for each k
    dpq : Distance Preservation Quality, about 0 in a random order; None where all distances are equal
    """

    sample: int
    neighbors: tuple[Kept, ...]
    dpq: float | None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain dictionaries, lists and numbers."""
        neighbors = [kept._asdict() for kept in self.neighbors]
        return {"sample": self.sample, "neighbors": neighbors, "dpq": self.dpq, "dpq_norm": NORM}


def preservation(
    vectors: Vectors,
    path: Ints,
    seed: int = 0,
    progress: Callable[[int], None] = lambda places: None,
) -> Preservation:
    """Measure how well a path keeps neighbourhoods.

    Takes sample * n distances, and memory for some 16 million of them.

    vectors : (n, d) float16 or float32, may be a memory map
    path : (n,) int32, a permutation
    progress : called with the number of vectors newly done, of which `sample_size` tells the total
    """
    n = len(path)
    places = sample_rows(n, sample_size(*vectors.shape), seed)
    along, ranked = np.zeros((2, max(n - 1, 0)))
    kept = np.zeros(len(NEIGHBORHOODS))
    for place, distances in distances_from(vectors, path, places):
        nearest = np.sort(np.delete(distances, place))
        ranked += nearest
        along += by_layout(distances, place)
        kept += [_kept(distances, place, nearest, k) for k in NEIGHBORHOODS]
        progress(1)
    means = (kept / max(len(places), 1)).tolist()
    shares = tuple(_share(k, mean, n) for k, mean in zip(NEIGHBORHOODS, means, strict=True))
    return Preservation(len(places), shares, distance_preservation_quality(along, ranked))


def sample_size(n: int, d: int) -> int:
    """Return from how many of n vectors `preservation` measures."""
    affordable = int(WORK / max(1, n * d))
    return min(n, SAMPLE, max(LEAST_SAMPLE, affordable))


def distances_from(vectors: Vectors, path: Ints, places: Rows) -> Iterator[tuple[int, Floats]]:
    """Yield each of the places with the distances of its vector to the whole path, (n,) float32."""
    size = max(1, BATCH_DISTANCES // max(1, len(path)))
    for start in range(0, len(places), size):
        batch = places[start : start + size]
        yield from zip(batch.tolist(), _distance_rows(vectors, path, path[batch]), strict=True)


def _distance_rows(vectors: Vectors, path: Ints, queries: Ints) -> Floats:
    """Return the distances of some vectors to the whole path, in its order: (q, n) float32.

    Block by block, so that the vectors of a block are in the cache for all queries.
    """
    view, rows = kernel_view(vectors), max(1, BLOCK_PAIRS // len(queries))
    distances = np.empty((len(queries), len(path)), np.float32)
    for start in range(0, len(path), rows):
        block = path[start : start + rows]
        pairs = pair_distances(view, np.tile(queries, len(block)), np.repeat(block, len(queries)))
        distances[:, start : start + rows] = pairs.reshape(len(block), -1).T
    return distances


def by_layout(values: npt.NDArray[Any], place: int) -> Doubles:
    """Return the values of all other places by their distance from one, equally far ones averaged.

    values : (n,) any number
    returns : (n - 1,) float64; the first k belong to the k nearest places
    """
    before, after = values[:place][::-1].astype(np.float64), values[place + 1 :].astype(np.float64)
    both = min(len(before), len(after))
    pairs = (before[:both] + after[:both]) / 2
    return np.concatenate([np.repeat(pairs, 2), before[both:], after[both:]])


def _kept(distances: Floats, place: int, nearest: Floats, k: int) -> float:
    """Return how many of the k nearest places hold one of the k nearest vectors."""
    if k > len(nearest):
        return 0.0
    start = max(0, place - k)
    near = distances[start : place + k + 1] <= nearest[k - 1]
    return float(by_layout(near, place - start)[:k].sum())


def _share(k: int, kept: float, n: int) -> Kept:
    return Kept(k, kept / k, k / (n - 1)) if n - 1 > k else Kept(k, None, None)


def distance_preservation_quality(along: Doubles, ranked: Doubles) -> float | None:
    """Compare the distances by layout with the distances by rank, over all sizes of neighbourhood.

    Of Barthel, Hezel, Jung and Schall, "Improved Evaluation and Generation of Grid Layouts using
    Distance Preservation Quality and Linear Assignment Sorting" (2022), for a line instead of a grid.
    With D the mean of all distances, which is what any neighbourhood of a random arrangement has, the gain
    at k is max(0, D - mean distance to the k nearest) / D. The quality is the p-norm of the gains of the
    k nearest on the path over that of the k nearest among the vectors, for k from 1 to n - 1 and p = 16,
    which weighs small neighbourhoods most.

    along : (n - 1,) sum over the sample of the distance to the k-th nearest on the path
    ranked : (n - 1,) the same of the k-th nearest vector
    returns : 1 where the path's neighbourhoods are the best there are, 0 where they are no better than
        random ones, None where no order is better than another
    """
    mean = ranked.mean() if len(ranked) else 0.0
    if mean <= 0:
        return None
    k = np.arange(1, len(ranked) + 1)
    gained, possible = (
        np.linalg.norm(np.maximum(0.0, 1 - sums.cumsum() / (k * mean)), NORM) for sums in (along, ranked)
    )
    return float(gained / possible) if possible > NOTHING_TO_GAIN else None
