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
    cluster: npt.NDArray[np.int32],
    chances: npt.NDArray[np.float32],
    names: Sequence[str],
    clusters: int | None = None,
) -> list[str | None]:
    """Name each cluster by the word that it favours; None where nothing speaks for any.

    Clusters that favour one word are numbered along the path: `sunset`, `sunset 2`, `sunset 3`. A number that
    would make the name of another word is left out.
    """
    k = clusters if clusters is not None else int(cluster.max(initial=-1)) + 1
    words = [names[row] if row >= 0 else None for row in favoured(cluster, chances, k).tolist()]
    taken, found = set(names), []
    seen: set[str] = set()
    for word in words:
        name = word
        if word is not None and word in seen:
            name = _numbered(word, taken)
            taken.add(name)
        if word is not None:
            seen.add(word)
        found.append(name)
    return found


def _numbered(word: str, taken: set[str]) -> str:
    number = 2
    while f"{word} {number}" in taken:
        number += 1
    return f"{word} {number}"
