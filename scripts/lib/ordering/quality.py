"""How good a path is: its length, against chance and against the least possible, and its worst links.

Those are what people see first.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.bound import Bound
from scripts.lib.ordering.candidates import Vectors
from scripts.lib.ordering.metric import Floats, Ints, kernel_view, pair_distances

Doubles = npt.NDArray[np.float64]

WORST_LINKS = 20
NO_BOUND = Bound(0.0, "none", 0)


class Link(NamedTuple):
    """A link of a path: the position of its first end, and its length."""

    position: int
    distance: float


class PathQuality(NamedTuple):
    """Figures on a path; distances are Euclidean, and zero where there is no link.

    random_mean : mean link of a random order of the same vectors
    ratio : mean link over that of the random order, 1 where both are zero
    lower_bound : length that no path falls below, 0 where none is known
    bound_kind : 'proven' or 'none'
    gap : excess of the length over the bound, as a share of the bound; None where that is 0
    worst : the longest links, longest first
    """

    length: float
    mean: float
    median: float
    maximum: float
    random_mean: float
    ratio: float
    lower_bound: float
    bound_kind: str
    gap: float | None
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


def path_quality(vectors: Vectors, path: Ints, seed: int = 0, bound: Bound = NO_BOUND) -> PathQuality:
    """Measure a path, compare it with a random order drawn with the seed, and with a lower bound."""
    links = link_lengths(vectors, path).astype(np.float64)
    shuffled = np.random.default_rng(seed).permutation(path)
    random_mean = _mean(link_lengths(vectors, shuffled).astype(np.float64))
    mean, length = _mean(links), float(links.sum())
    return PathQuality(
        length=length,
        mean=mean,
        median=float(np.median(links)) if len(links) else 0.0,
        maximum=float(links.max(initial=0.0)),
        random_mean=random_mean,
        ratio=mean / random_mean if random_mean else 1.0,
        lower_bound=bound.value,
        bound_kind=bound.kind,
        gap=(length - bound.value) / bound.value if bound.value else None,
        worst=_worst_links(links),
    )


def _mean(links: Doubles) -> float:
    return float(links.mean()) if len(links) else 0.0


def _worst_links(links: Doubles) -> tuple[Link, ...]:
    positions = np.lexsort((np.arange(len(links)), -links))[:WORST_LINKS]
    return tuple(Link(int(position), float(links[position])) for position in positions)
