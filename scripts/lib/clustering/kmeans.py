"""k-means: scikit-learn's on collections that it is quick on, FAISS's beyond.

Both begin with k-means++ (Arthur and Vassilvitskii 2007), FAISS with that of a sample: from centroids drawn
by lot it joins groups that lie far apart. scikit-learn is imported where it is used: that takes longer than
to find the groups of a small collection in another way.
"""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import faiss
import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from scripts.lib.ordering.vectors import Floats, Ints, Vectors, float_blocks, sample_rows

Progress = Callable[[int], object]

EXACT_ROWS = 50_000  # the most rows that scikit-learn is given
AFFORDABLE = 2e10  # multiplications of one round of all starts
MOST_STARTS = 10
ROUNDS = 20  # of FAISS
TRAINING_ROWS = 256  # per cluster, of FAISS
STARTING_ROWS = 20  # per cluster, in which the first centroids are looked for


class Partition(NamedTuple):
    """Rows in clusters.

    numbers : (n,) int32, the cluster of each row
    centroids : (k, d) float32, none of them without a row
    """

    numbers: Ints
    centroids: Floats


def kmeans(space: Floats, k: int, seed: int, progress: Progress = lambda rounds: None) -> Ints:
    """Divide rows into k clusters, or as many as there are rows; fewer where rows coincide: (n,) int32.

    space : (n, d) float32
    progress : called with the number of rounds newly done, ROUNDS in all; in small collections once
    """
    k = min(k, len(space))
    if k < 2:
        return np.zeros(len(space), np.int32)
    if len(space) <= EXACT_ROWS:
        numbers = _small(space, k, seed)
        progress(1)
        return numbers
    return _nearest(space, _large(space, k, seed, progress))


def without_gaps(numbers: Ints) -> Ints:
    """Return the numbers of clusters (n,) int32 such that none of them is empty; -1 stays."""
    present = np.unique(numbers[numbers >= 0])
    places: Ints = np.searchsorted(present, numbers).astype(np.int32)
    return np.where(numbers < 0, np.int32(-1), places)


def centroids_of(rows: Vectors, numbers: Ints, k: int) -> Floats:
    """Return the mean of each cluster's rows: (k, d) float32; rows of number -1 count nowhere.

    rows : (n, d) float16 or float32, read in blocks
    """
    sums = np.zeros((k, rows.shape[1]))
    for start, block in float_blocks(rows):
        own = numbers[start : start + len(block)]
        places = np.flatnonzero(own >= 0)
        members = csr_matrix((np.ones(len(places)), (own[places], places)), (k, len(block)))
        sums += members @ block.astype(np.float64)
    sizes = np.bincount(numbers[numbers >= 0], minlength=k)
    return (sums / np.maximum(sizes, 1)[:, None]).astype(np.float32)


def _small(space: Floats, k: int, seed: int) -> Ints:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    cost = float(space.size) * k
    starts = int(np.clip(AFFORDABLE / cost, 1, MOST_STARTS))
    with threadpool_limits(1), warnings.catch_warnings():  # threads add in the order in which they finish
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than clusters
        found = KMeans(k, n_init=starts, random_state=seed).fit(space)
    numbers: Ints = found.labels_.astype(np.int32)
    return numbers


def _large(space: Floats, k: int, seed: int, progress: Progress) -> Floats:
    from sklearn.cluster import kmeans_plusplus

    rows = sample_rows(len(space), TRAINING_ROWS * k, seed)
    sample = space if len(rows) == len(space) else space[rows]
    first = sample[sample_rows(len(sample), max(STARTING_ROWS * k, 10_000), seed)]
    with threadpool_limits(1):
        centroids = kmeans_plusplus(first, k, random_state=seed)[0]
    return refined(sample, np.ascontiguousarray(centroids, np.float32), ROUNDS, seed, progress)


def refined(sample: Floats, centroids: Floats, rounds: int, seed: int, progress: Progress) -> Floats:
    """Return centroids after some rounds of Lloyd's algorithm by FAISS."""
    k, d = centroids.shape
    for _ in range(rounds):
        one = faiss.Kmeans(d, k, niter=1, seed=seed + 1, max_points_per_centroid=len(sample), verbose=False)
        one.cp.min_points_per_centroid = 1
        one.train(sample, init_centroids=centroids)
        centroids = np.asarray(one.centroids)
        progress(1)
    return centroids


def _nearest(space: Floats, centroids: Floats) -> Ints:
    index = faiss.IndexFlatL2(centroids.shape[1])
    index.add(centroids)
    blocks = [index.search(block, 1)[1][:, 0] for _, block in float_blocks(space)]
    return np.concatenate(blocks).astype(np.int32)


def micro_clusters(space: Floats, k: int, seed: int, progress: Progress = lambda rounds: None) -> Partition:
    """Divide many rows into many small clusters, by FAISS, from centroids drawn by lot."""
    sample = space[sample_rows(len(space), TRAINING_ROWS * k, seed)]
    centroids = sample[np.random.default_rng(seed).choice(len(sample), k, replace=False)]
    centroids = refined(sample, centroids, ROUNDS // 2, seed, progress)
    numbers = without_gaps(_nearest(space, centroids))
    return Partition(numbers, centroids_of(space, numbers, int(numbers.max()) + 1))
