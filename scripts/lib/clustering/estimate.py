"""How many clusters there are: several criteria along Ward's tree of a sample, and the middle of their votes.

The silhouette alone finds two or three clusters where people see forty: in images the coarsest distinction is
the sharpest. So criteria that ask how separated clusters are have a vote only where there is structure worth
the name. The others ask where further clusters cease to explain much.
Where groups are well separated all agree.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.lib.clustering.agglomerate import agglomerate
from scripts.lib.clustering.dendrogram import Dendrogram, cut
from scripts.lib.clustering.kmeans import centroids_of
from scripts.lib.ordering.vectors import Floats, sample_rows

Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

SAMPLE_ROWS, MOST_SAMPLE_ROWS = 4000, 10_000
ROWS_PER_CLUSTER = 8  # of the sample, for the largest number of clusters
STEP = 1.05  # from one number of clusters to the next, beyond twenty
LEAST_MOST, MOST = 150, 1000  # what is considered at most, in small and in large collections
ROWS_PER_MOST = 3  # no more clusters than a third of the rows
STRUCTURE = 0.5  # least silhouette of "reasonable structure" (Kaufman and Rousseeuw 1990)
ELBOWS = ("elbow", "elbow of logarithms")  # have a vote whatever the silhouette, if there is an elbow


@dataclass(frozen=True)
class Estimate:
    """What the criteria say.

    number : the number of clusters
    votes : what each criterion that has a vote is best at
    numbers : (m,) int64, the numbers of clusters that were tried, ascending
    curves : each criterion at these, the higher the better
    """

    number: int
    votes: dict[str, int]
    numbers: Longs
    curves: dict[str, Doubles]

    def as_json(self) -> dict[str, Any]:
        """Return the estimate in JSON's types."""
        curves = {name: [round(float(value), 6) for value in curve] for name, curve in self.curves.items()}
        return {"number": self.number, "votes": self.votes, "tried": self.numbers.tolist(), "curves": curves}


def largest_number(n: int) -> int:
    """Return how many clusters of n rows are considered at most."""
    return max(1, min(n // ROWS_PER_MOST, max(LEAST_MOST, int(3 * np.sqrt(n))), MOST))


def estimate_clusters(space: Floats, fewest: int, most: int, seed: int) -> Estimate:
    """Estimate the number of clusters between two bounds.

    space : (n, d) float32
    fewest, most : the bounds; where there are fewer rows, as many clusters as rows are the most
    """
    rows = int(np.clip(ROWS_PER_CLUSTER * most, SAMPLE_ROWS, MOST_SAMPLE_ROWS))
    sample = space[sample_rows(len(space), rows, seed)]
    n = len(sample)
    fewest, most = min(fewest, max(n, 1)), min(most, max(n, 1))
    tried = numbers_between(fewest, max(fewest, most))
    if len(tried) < 3 or n < 4:
        return Estimate(int(tried[0]), {}, tried, {})
    tree = agglomerate(sample, np.ones(n, np.int64), "ward")
    curves = _curves(sample, tree, tried)
    votes = {name: int(tried[np.argmax(curves[name])]) for name in _voters(curves)}
    return Estimate(_middle(list(votes.values())) if votes else int(tried[0]), votes, tried, curves)


def _voters(curves: dict[str, Doubles]) -> list[str]:
    """Return the criteria that have something to say: an elbow is none at the end of its curve."""
    structured = curves["silhouette"].max() >= STRUCTURE
    bent = [name for name in ELBOWS if 0 < np.argmax(curves[name]) < len(curves[name]) - 1]
    return [name for name in curves if name in bent or (structured and name not in ELBOWS)]


def _middle(votes: list[int]) -> int:
    """Return the median of the votes; of the two in the middle, the geometric mean."""
    return round(float(np.exp(np.median(np.log(votes)))))


def numbers_between(fewest: int, most: int) -> Longs:
    """Return the numbers of clusters to try: each at first, then in steps of a twentieth."""
    numbers = [fewest]
    while numbers[-1] < most:
        numbers.append(min(most, max(numbers[-1] + 1, int(numbers[-1] * STEP))))
    return np.array(numbers, np.int64)


def _curves(sample: Floats, tree: Dendrogram, tried: Longs) -> dict[str, Doubles]:
    """Return what is to be highest at the right number, for each criterion."""
    within = within_squares(tree, tried)
    separation = [_separation(sample, cut(tree, int(k))) for k in tried]
    return {
        "silhouette": np.array([each[0] for each in separation]),
        "Davies-Bouldin": np.array([-each[1] for each in separation]),
        "elbow": _bend(tried.astype(np.float64), within),
        "elbow of logarithms": _bend(np.log(tried), np.log(np.maximum(within, np.finfo(float).tiny))),
        "jump": _jumps(within, effective_dimension(sample)),
    }


def within_squares(tree: Dendrogram, tried: Longs) -> Doubles:
    """Return the squared distances to their centroids, summed, for each number of Ward's clusters.

    A joint at height h adds h² / 2.
    """
    sums = np.concatenate([[0.0], np.cumsum(np.sort(tree.heights) ** 2 / 2)])
    within: Doubles = sums[tree.leaves - tried]
    return within


def _separation(sample: Floats, numbers: npt.NDArray[np.int32]) -> tuple[float, float]:
    """Return the simplified silhouette, by distances to centroids, and the index of Davies and Bouldin.

    A row's own share of its centroid is taken off. Hruschka, de Castro and Campello 2004; Davies and Bouldin
    1979.
    """
    k = int(numbers.max()) + 1
    if k < 2:
        return -1.0, np.inf
    centroids, sizes = centroids_of(sample, numbers, k), np.bincount(numbers)
    distances = _distances(sample, centroids)
    rows = np.arange(len(sample))
    own, size = distances[rows, numbers].copy(), sizes[numbers]
    spreads = np.bincount(numbers, own) / sizes
    distances[rows, numbers] = np.inf
    other = distances.min(axis=1)
    own = np.where(size > 1, own * size / np.maximum(size - 1, 1), other)
    widths = (other - own) / np.maximum(np.maximum(other, own), np.finfo(np.float32).tiny)
    between = _distances(centroids, centroids)
    np.fill_diagonal(between, np.inf)
    ratios = np.add.outer(spreads, spreads) / np.maximum(between, np.finfo(np.float32).tiny)
    return float(widths.mean()), float(ratios.max(axis=1).mean())


def _distances(one: Floats, other: Floats) -> Doubles:
    squares = np.einsum("ij,ij->i", one, one)[:, None] + np.einsum("ij,ij->i", other, other)
    distances: Doubles = np.sqrt(np.maximum(squares - 2 * (one @ other.T), 0)).astype(np.float64)
    return distances


def _bend(numbers: Doubles, within: Doubles) -> Doubles:
    """Return how far below its chord a falling curve is (Satopää and others 2011, "Kneedle")."""
    span = within[0] - within[-1]
    if span <= 0:
        return np.zeros(len(within))
    chord = 1 - (numbers - numbers[0]) / (numbers[-1] - numbers[0])
    below: Doubles = chord - (within - within[-1]) / span
    return below


def _jumps(within: Doubles, dimension: float) -> Doubles:
    """Return by how much the transformed distortion rises at each number (Sugar and James 2003)."""
    scaled = np.maximum(within, np.finfo(float).tiny) / max(within[0], np.finfo(float).tiny)
    logarithms = -dimension / 2 * np.log(scaled)
    transformed = np.exp(logarithms - logarithms.max())
    jumps: Doubles = np.diff(transformed, prepend=0.0)
    return jumps


def effective_dimension(sample: Floats) -> float:
    """Return the participation ratio of the principal components' variances."""
    centred = sample - sample.mean(axis=0)
    small = centred @ centred.T if len(sample) < sample.shape[1] else centred.T @ centred
    total, squares = float(np.trace(small)), float((small.astype(np.float64) ** 2).sum())
    return total**2 / squares if squares > 0 else 1.0
