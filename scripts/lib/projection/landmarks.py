"""Items that a method was not given find their places among those that it was: the landmarks.

An item belongs where the landmarks are that resemble it. Of its nearest ones, weighted by how much nearer
than the others they are, the geometric median is taken: where they lie together it is their mean, and
where some lie far off it stays with the most, instead of falling into the gap between.

The nearest are found exactly while that takes seconds; beyond, by an index, in a PCA's space.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.candidates import Proposer, exhaustive, single_threaded, workers
from scripts.lib.ordering.graph.indexes import Dial, IndexSettings, build_index
from scripts.lib.ordering.vectors import Floats, Rows, Vectors
from scripts.lib.projection.sample import Places

LANDMARKS = 12  # around which an item is placed
STEEPNESS = 4.0  # the farthest of them weighs e ** -4 of the nearest
ROUNDS = 10  # towards the median
BLOCK_ROWS = 4096
AFFORDABLE = 4e12  # multiplications of an exact search: about a minute on two cores
DIAL = 48  # lists of an inverted file that are read, or vectors that a small world keeps in view

Progress = Callable[[int], object]


def place_all(
    vectors: Vectors,
    rows: Rows,
    places: list[Places],
    threads: int = 1,
    progress: Progress = lambda n: None,
    seed: int = 0,
) -> list[Places]:
    """Place every item: landmarks where they are, the others among them.

    The bytes do not depend on the number of threads.

    vectors : (n, d) float16 or float32
    rows : (m,) int64, ascending, the landmarks' rows
    places : each (m, dimensions) float32; several layouts of the same landmarks
    progress : called with the number of items newly placed
    returns : as many, each (n, dimensions) float32
    """
    whole = [np.empty((len(vectors), each.shape[1]), np.float32) for each in places]
    others = np.setdiff1d(np.arange(len(vectors)), rows, assume_unique=True)
    with single_threaded():
        proposer = index_of(vectors[rows], len(others), seed)

    def place(start: int) -> int:
        block = others[start : start + BLOCK_ROWS]
        near, distances = nearest_landmarks(proposer, vectors[block].astype(np.float32))
        for target, known in zip(whole, places, strict=True):
            target[block] = among(known[near], weights(distances))
        return len(block)

    for target, known in zip(whole, places, strict=True):
        target[rows] = known
    with workers(threads) as pool:
        for done in pool.map(place, range(0, len(others), BLOCK_ROWS)):
            progress(done)
    return whole


def index_of(landmarks: Vectors, queries: int, seed: int) -> Proposer:
    """Index the landmarks, exactly where so many queries can afford it.

    landmarks : (m, d) float16 or float32
    """
    if float(queries) * landmarks.size <= AFFORDABLE:
        return exhaustive(landmarks, LANDMARKS)
    proposer = build_index(landmarks, LANDMARKS, IndexSettings(seed=seed))
    Dial(proposer.index).set(DIAL)
    return proposer


def nearest_landmarks(proposer: Proposer, queries: Floats) -> tuple[Rows, Floats]:
    """Return the nearest landmarks of each query and their distances: (q, k) int64 and float32, ascending.

    Where an index finds too few, the nearest stands for those that are missing.
    """
    centre = 0 if proposer.centre is None else proposer.centre
    squares, near = proposer.index.search(queries - centre, proposer.width)
    missing = near < 0
    near = np.maximum(np.where(missing, near[:, :1], near), 0)
    squares = np.where(missing, squares[:, :1], squares)
    order = squares.argsort(axis=1, kind="stable")
    near, squares = (np.take_along_axis(each, order, axis=1) for each in (near, squares))
    return near, np.sqrt(np.maximum(squares, 0))


def weights(distances: Floats) -> npt.NDArray[np.float64]:
    """Weigh landmarks by how near they are, compared with the nearest and the farthest.

    distances : (q, k) float32, ascending
    returns : (q, k) float64, summing to 1
    """
    reach = distances.astype(np.float64) - distances[:, :1]
    share = reach / np.maximum(reach[:, -1:], np.finfo(np.float32).tiny)
    heavy = np.exp(-STEEPNESS * share)
    result: npt.NDArray[np.float64] = heavy / heavy.sum(axis=1, keepdims=True)
    return result


def among(places: Places, weights: npt.NDArray[np.float64]) -> Places:
    """Return the weighted geometric median of places, by Weiszfeld's iteration.

    places : (q, k, dimensions);  weights : (q, k)
    returns : (q, dimensions) float32
    """
    wide = places.astype(np.float64)
    extent = np.ptp(wide, axis=1).max(axis=1)[:, np.newaxis]  # (q, 1)
    middle = np.einsum("qk,qkd->qd", weights, wide)
    for _ in range(ROUNDS):
        gaps = np.linalg.norm(wide - middle[:, np.newaxis], axis=2)
        pull = weights / np.maximum(gaps, 0.01 * extent + 1e-12)
        middle = np.einsum("qk,qkd->qd", pull, wide) / pull.sum(axis=1)[:, np.newaxis]
    result: Places = middle.astype(np.float32)
    return result
