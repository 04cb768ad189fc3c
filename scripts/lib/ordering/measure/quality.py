"""How good a path is: its links, against other orders, against the least possible, and its surroundings.

Lengths are Euclidean throughout. The worst links are told with their places, because they are what
people see first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.measure.preservation import Preservation
from scripts.lib.ordering.metric import kernel_view, pair_distances
from scripts.lib.ordering.tree.near_duplicates import NearDuplicates
from scripts.lib.ordering.vectors import Floats, Ints, Vectors

Doubles = npt.NDArray[np.float64]

WORST_LINKS = 20


class LowerBound(NamedTuple):
    """What is known of the shortest path through the same vectors.

    value : length that no path falls below, 0 where none is known
    kind : 'proven', 'statistical', or 'none'
    confidence : probability with which a statistical bound holds
    """

    value: float = 0.0
    kind: str = "none"
    confidence: float | None = None


NO_BOUND = LowerBound()


class Link(NamedTuple):
    """A link of a path: the place of its first end, and its length."""

    position: int
    distance: float


class PathQuality(NamedTuple):
    """Figures on the links of a path; zero where there is none.

    random_mean : mean link of a random order of the same vectors
    ratio : mean link over that of the random order, 1 where both are zero
    lower_bound, bound_kind, bound_confidence : see `LowerBound`
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
    bound_confidence: float | None
    gap: float | None
    worst: tuple[Link, ...]


class TreeFigures(NamedTuple):
    """The minimum spanning tree, as a yardstick.

    exact : no spanning tree is lighter. If so, no path has a worst link shorter than the longest edge:
        links that are all shorter leave the vectors in two pieces at least.
    """

    weight: float
    longest_edge: float
    exact: bool


class OrderFigures(NamedTuple):
    """One order among those that are compared.

    length, mean : of its links
    label_share : share of neighbouring files from the same folder; None where folders are no labels
    """

    length: float
    mean: float
    label_share: float | None


class WorstLink(NamedTuple):
    """A link that stands out, and the files that it links.

    position : place of the first of the two files among all files in the order
    path, next_path : readable paths
    """

    position: int
    distance: float
    path: str
    next_path: str


@dataclass(frozen=True)
class Quality:
    """All that is known of how good an order is.

    items : number of vectors
    orders : 'path', and by other names what it is compared with
    label_chance : the label share that a random order is expected to have
    """

    items: int
    path: PathQuality
    tree: TreeFigures
    orders: Mapping[str, OrderFigures]
    label_chance: float | None
    preservation: Preservation
    near_duplicates: NearDuplicates
    worst: tuple[WorstLink, ...]

    @property
    def worst_over_tree(self) -> float | None:
        """Return the worst link over the tree's longest edge: at least 1 where the tree is exact."""
        return self.path.maximum / self.tree.longest_edge if self.tree.longest_edge else None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain dictionaries, lists and numbers."""
        return (
            {"items": self.items}
            | self.path._asdict()
            | {
                "mst_weight": self.tree.weight,
                "longest_mst_edge": self.tree.longest_edge,
                "mst_exact": self.tree.exact,
                "worst_over_longest_mst_edge": self.worst_over_tree,
                "orders": {name: order._asdict() for name, order in self.orders.items()},
                "label_share": self.orders["path"].label_share,
                "label_chance": self.label_chance,
                "preservation": self.preservation.as_json(),
                "near_duplicates": self.near_duplicates._asdict(),
                "worst": [link._asdict() for link in self.worst],
            }
        )


def link_lengths(vectors: Vectors, path: Ints) -> Floats:
    """Return the distance of each vector of the path to the next.

    vectors : (n, d) float16 or float32, read where they lie
    path : (m,) int32, rows of vectors
    returns : (m - 1,) float32, Euclidean; empty for a path of one
    """
    return pair_distances(kernel_view(vectors), path[:-1], path[1:])


def path_length(vectors: Vectors, path: Ints) -> float:
    """Return the sum of a path's links."""
    return float(link_lengths(vectors, path).sum(dtype=np.float64))


def random_order(n: int, seed: int) -> Ints:
    """Return a random permutation, (n,) int32, to compare with."""
    return np.random.default_rng(seed).permutation(n).astype(np.int32)


def measure_links(links: Floats, random_links: Floats, bound: LowerBound = NO_BOUND) -> PathQuality:
    """Measure the links of a path, and compare them with those of a random order and with a bound.

    links, random_links : (n - 1,) float32
    """
    mean, random_mean, length = mean_length(links), mean_length(random_links), total_length(links)
    return PathQuality(
        length=length,
        mean=mean,
        median=float(np.median(links)) if len(links) else 0.0,
        maximum=float(links.max(initial=0.0)),
        random_mean=random_mean,
        ratio=mean / random_mean if random_mean else 1.0,
        lower_bound=bound.value,
        bound_kind=bound.kind,
        bound_confidence=bound.confidence,
        gap=(length - bound.value) / bound.value if bound.value else None,
        worst=_worst_links(links),
    )


def summary(path: PathQuality) -> str:
    """Say in one line how good a path is."""
    words = f"mean link {path.mean:.4g}, {path.ratio:.1%} of a random order's"
    if path.gap is None:
        return f"{words}; no lower bound is known"
    sure = "" if path.bound_kind == "proven" else f" ({path.bound_confidence or 0:.0%} sure)"
    return f"{words}; at most {path.gap:.2%} longer than the shortest possible{sure}"


def order_figures(links: Floats, label_share: float | None) -> OrderFigures:
    """Measure one of the orders that are compared."""
    return OrderFigures(total_length(links), mean_length(links), label_share)


def total_length(links: Floats) -> float:
    """Return the sum of the links, in double precision."""
    return float(links.sum(dtype=np.float64))


def mean_length(links: Floats) -> float:
    """Return the mean of the links, 0 where there is none."""
    return total_length(links) / len(links) if len(links) else 0.0


def _worst_links(links: Floats) -> tuple[Link, ...]:
    positions = np.lexsort((np.arange(len(links)), -links))[:WORST_LINKS]
    return tuple(Link(int(position), float(links[position])) for position in positions)
