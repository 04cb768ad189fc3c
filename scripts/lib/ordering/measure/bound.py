"""A lower bound on the length of the shortest path through all vectors.

It is that of a 1-tree (`one_tree`), under potentials that make it high (`ascent`). Where neighbours
are known exactly, it is proven as it stands. Where they are not, the shortfalls that missed
neighbours cause are taken off (`audit`): those of all nodes as long as that is affordable, and the
bound is proven again; beyond, what a sample tells of them, and the bound is statistical.

A node is drawn for the sample with a probability in proportion to its range. So the shortfalls of
all nodes together are the ranges of all nodes times the mean of shortfall / range over the draws'
distribution. That ratio lies between 0 and 1, and its mean has an upper limit at any confidence
(`confidence`). Nothing is assumed of the vectors: chance is in the draws alone.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.measure.ascent import climb, dense_groups
from scripts.lib.ordering.measure.audit import Claim, make_claim, ranges, search_cost, shortfalls
from scripts.lib.ordering.measure.confidence import mean_limit
from scripts.lib.ordering.measure.islands import Islands, far_islands
from scripts.lib.ordering.measure.merges import merge
from scripts.lib.ordering.measure.one_tree import known_links, lightest_one_tree, slack
from scripts.lib.ordering.tree.reach import reaches
from scripts.lib.ordering.vectors import Vectors

Doubles = npt.NDArray[np.float64]
Progress = Callable[[int], None]
Watch = Callable[[int, str], AbstractContextManager[Progress]]

NEAREST = 10  # listed neighbours on which the potentials climb; all take twice the time for 0.05 %


@dataclass(frozen=True)
class BoundSettings:
    """How far to climb, how much to search, and how sure to be."""

    rounds: int = 100
    work: float = 2e12  # multiplications that searching may take, about a minute on one core
    confidence: float = 0.99  # of a statistical bound
    seed: int = 0


class Bound(NamedTuple):
    """What no path through the same vectors can be shorter than.

    value : length, Euclidean
    kind : 'proven', or 'statistical' where it rests on a sample of nodes
    confidence : probability, over the draws of the sample, that it holds; 1 where it is proven
    rounds : rounds of the ascent
    sample : nodes searched exactly; 0 where the graph is exact already
    seed : of the draws, which share none with those that made the graph
    """

    value: float
    kind: Literal["proven", "statistical"]
    confidence: float
    rounds: int
    sample: int
    seed: int


def unwatched(total: int, unit: str) -> AbstractContextManager[Progress]:
    """Show no progress."""
    return nullcontext(lambda units: None)


def lower_bound(
    vectors: Vectors,
    graph: NeighborGraph,
    settings: BoundSettings | None = None,
    threads: int = 1,
    watch: Watch = unwatched,
) -> Bound:
    """Bound the length of every path through all vectors from below.

    It holds, rounding included, for the lengths that `metric.distance` gives. Each round takes time
    linear in the size of the graph, but for sorting about three links per node. The result does not
    depend on the number of threads.

    vectors : (n, d) float16 or float32, may be a memory map
    graph : their nearest neighbours
    watch : called with the number of units of each long phase and their name; gives a context manager that
        is called with the number of units newly done
    """
    settings = settings or BoundSettings()
    if len(vectors) < 2:
        return Bound(0.0, "proven", 1.0, 0, 0, settings.seed)
    basis = make_basis(vectors, graph, settings)
    with watch(settings.rounds, "rounds") as count:
        potentials = high_potentials(graph, basis, settings.rounds, count)
    known = known_links(graph, basis.reach, basis.islands)
    bound, _, tree = lightest_one_tree(known, potentials)
    value = bound - slack(known, potentials)
    if basis.sample:
        ends = known.sources[tree.links], known.targets[tree.links]
        claim = make_claim(merge(*ends, tree.weights), potentials)
        with watch(basis.sample, "nodes") as count:
            value -= all_shortfalls(vectors, claim, basis.sample, settings, threads, count)
    value = max(0.0, value)
    if basis.price:
        return Bound(value, "statistical", settings.confidence, settings.rounds, basis.sample, settings.seed)
    return Bound(value, "proven", 1.0, settings.rounds, basis.sample, settings.seed)


class Basis(NamedTuple):
    """What a bound rests on.

    reach : (n,) float64, what no unlisted link of a node falls below; as claimed, where nodes are searched
    islands : far from all others
    sample : number of nodes to search; none where the neighbours are known exactly
    price : what the sample makes of a unit of all ranges although it finds no shortfall, as a share
    """

    reach: Doubles
    islands: Islands
    sample: int
    price: float


def make_basis(vectors: Vectors, graph: NeighborGraph, settings: BoundSettings) -> Basis:
    """Settle how the bound is to be had."""
    n, reach = len(vectors), reaches(vectors, graph)
    sample, price = 0, 0.0
    if graph.method != "exact" and np.isfinite(reach).all():
        reach = graph.distances[:, -1].astype(np.float64)
        sample = min(n, max(1, int(settings.work / search_cost(vectors))))
        price = mean_limit(np.zeros(sample), settings.confidence) if sample < n else 0.0
    # To know an island far away makes the range of each of its nodes as long as the way there.
    islands = far_islands(vectors, graph, reach, largest=1 / price if price else np.inf)
    return Basis(reach, islands, sample, price)


def high_potentials(graph: NeighborGraph, basis: Basis, rounds: int, progress: Progress) -> Doubles:
    """Return potentials that give a high bound: (n,) float64.

    The lowest of all is a part of every range. So those below are raised to where a few nodes' loss, each of
    the difference, outweighs what all ranges gain.
    """
    indices, distances = graph.indices[:, :NEAREST], graph.distances[:, :NEAREST]
    nearest = graph._replace(indices=indices, distances=distances)
    known = known_links(nearest, basis.reach, basis.islands)
    potentials = climb(known, dense_groups(graph), rounds, progress)
    return np.maximum(potentials, np.quantile(potentials, basis.price))


def all_shortfalls(
    vectors: Vectors, claim: Claim, sample: int, settings: BoundSettings, threads: int, progress: Progress
) -> float:
    """Return what the shortfalls of all nodes sum up to, or with a smaller sample an upper limit for it."""
    n = len(vectors)
    if sample == n:
        return float(shortfalls(vectors, claim, np.arange(n), threads, progress).sum())
    most = ranges(claim)
    total = most.sum()
    if total == 0.0:
        return 0.0
    draws = np.random.default_rng([settings.seed, 1]).choice(n, sample, p=most / total)
    shares = shortfalls(vectors, claim, draws, threads, progress) / most[draws]
    return float(total * mean_limit(np.minimum(shares, 1.0), settings.confidence))
