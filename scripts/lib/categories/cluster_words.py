"""Clusters named by words: each takes the category that its members' summed probabilities favour."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

NOTHING = -1


def favoured(
    cluster: npt.NDArray[np.int32], chances: npt.NDArray[np.float32], clusters: int
) -> npt.NDArray[np.int64]:
    """Return the category that each cluster favours: (k,) int64, -1 where no member has probabilities.

    cluster : (n,) int32, -1 for what is in none
    chances : (n, c) float32, NaN in the rows of images without a vector
    """
    if not chances.shape[1]:
        return np.full(clusters, NOTHING, np.int64)
    members = (cluster >= 0) & ~np.isnan(chances).any(axis=1)
    sums = np.zeros((clusters, chances.shape[1]))
    np.add.at(sums, cluster[members], chances[members])
    some = np.bincount(cluster[members], minlength=clusters) > 0
    best: npt.NDArray[np.int64] = np.where(some, sums.argmax(axis=1), NOTHING)
    return best


def cluster_words(
    cluster: npt.NDArray[np.int32], chances: npt.NDArray[np.float32], names: Sequence[str]
) -> dict[int, str]:
    """Return the word that each cluster favours, for those of which anything is known."""
    best = favoured(cluster, chances, int(cluster.max(initial=-1)) + 1).tolist()
    return {number: names[row] for number, row in enumerate(best) if row != NOTHING}
