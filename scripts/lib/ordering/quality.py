"""How good a path is: its length, against chance, and its worst links, which people see first."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.candidates import Vectors
from scripts.lib.ordering.metric import Floats, Ints, kernel_view, pair_distances

Doubles = npt.NDArray[np.float64]

WORST_LINKS = 20


class Link(NamedTuple):
    """A link of a path: the position of its first end, and its length."""

    position: int
    distance: float


class PathQuality(NamedTuple):
    """Figures on a path; distances are Euclidean, and zero where there is no link.

    random_mean : mean link of a random order of the same vectors
    ratio : mean link over that of the random order, 1 where both are zero
    worst : the longest links, longest first
    """

    length: float
    mean: float
    median: float
    maximum: float
    random_mean: float
    ratio: float
    worst: tuple[Link, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain dictionaries, lists and numbers."""
        return self._asdict() | {"worst": [link._asdict() for link in self.worst]}


def link_lengths(vectors: Vectors, path: Ints) -> Floats:
    """Return the distance of each vector of the path to the next.

    vectors : (n, d) float16 or float32, read where they lie
    path : (m,) int32, rows of vectors
    returns : (m - 1,) float32, Euclidean; empty for a path of one
    """
    return pair_distances(kernel_view(vectors), path[:-1], path[1:])


def path_quality(vectors: Vectors, path: Ints, seed: int = 0) -> PathQuality:
    """Measure a path and compare it with a random order drawn with the seed."""
    links = link_lengths(vectors, path).astype(np.float64)
    shuffled = np.random.default_rng(seed).permutation(path)
    random_mean = _mean(link_lengths(vectors, shuffled).astype(np.float64))
    mean = _mean(links)
    return PathQuality(
        length=float(links.sum()),
        mean=mean,
        median=float(np.median(links)) if len(links) else 0.0,
        maximum=float(links.max(initial=0.0)),
        random_mean=random_mean,
        ratio=mean / random_mean if random_mean else 1.0,
        worst=_worst_links(links),
    )


def _mean(links: Doubles) -> float:
    return float(links.mean()) if len(links) else 0.0


def _worst_links(links: Doubles) -> tuple[Link, ...]:
    positions = np.lexsort((np.arange(len(links)), -links))[:WORST_LINKS]
    return tuple(Link(int(position), float(links[position])) for position in positions)
