"""The refinement of a path: local search over neighbour lists on the path as a whole.

The path becomes a tour through one extra node at distance zero from all others, so that both of
its ends are free. Lin-Kernighan chains of 2-opt moves and Or-opt moves bring it to a local minimum
(`moves`); kicks, so many per node, go on from there (`local_search`). The work is bounded by
these counts, never by a clock: the same vectors give the same path on any machine of one kind.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.candidates import Vectors
from scripts.lib.ordering.chunks import in_sequence
from scripts.lib.ordering.knn import NeighborGraph
from scripts.lib.ordering.links import make_links
from scripts.lib.ordering.local_search import Search, descend, kick_and_repair, make_queue
from scripts.lib.ordering.metric import Ints
from scripts.lib.ordering.moves import make_chain
from scripts.lib.ordering.tour import Tour, make_tour

LISTED_REVERSALS = 1 << 12
KICKS_AT_ONCE = 1 << 12


@dataclass(frozen=True)
class SearchSettings:
    """How far and how long to search."""

    neighbors: int = 8  # length of the neighbour lists
    breadth: tuple[int, ...] = (8, 3, 1, 1)  # alternatives at each depth of a Lin-Kernighan chain
    kicks_per_node: float = 12.0  # for the first `thorough` nodes
    kicks_per_further_node: float = 0.5
    thorough: int = 5_000
    kick_reach: int = 3  # nodes in each stretch of a kick, at most
    longest: int = 50_000  # nodes that one reversal may turn
    seed: int = 0


def refine(
    vectors: Vectors,
    graph: NeighborGraph,
    path: Ints,
    settings: SearchSettings | None = None,
    progress: Callable[[int], None] = lambda steps: None,
) -> Ints:
    """Shorten a path through all vectors, both ends free; the result is never longer.

    vectors : (n, d) float16 or float32, may be a memory map
    path : (n,) int32, a permutation
    progress : called with the number of steps newly done, of which `search_steps` tells the total
    returns : (n,) int32, a permutation, its end with the smaller number first
    """
    settings = settings or SearchSettings()
    n = len(path)
    if n < 3:
        return np.sort(path).astype(np.int32)
    search = make_search(vectors, graph, path, settings)
    for nodes in _descend_all(search):
        progress(nodes)
    for kicks in draw_kicks(n, settings):
        kick_and_repair(search, kicks)
        progress(len(kicks))
    return cut_open(search.tour)


def search_steps(n: int, settings: SearchSettings) -> int:
    """Return the number of steps that `refine` reports for n vectors: nodes, then kicks."""
    return n + _kick_count(n, settings) if n >= 3 else 0


def make_search(vectors: Vectors, graph: NeighborGraph, path: Ints, settings: SearchSettings) -> Search:
    """Close the path to a tour through the extra node n, all nodes queued."""
    links = make_links(vectors, graph, settings.neighbors)
    nodes = np.append(path, len(path)).astype(np.int32)
    tour = make_tour(nodes, LISTED_REVERSALS, settings.longest)
    chain = make_chain(settings.breadth, links.neighbors.shape[1])
    return Search(links, tour, chain, make_queue(nodes))


def _descend_all(search: Search) -> Iterator[int]:
    """Descend to a local minimum; yield how many nodes have left the queue for good."""
    fewest = len(search.queue.nodes) - 1
    while search.queue.span[1]:
        descend(search, 0)
        fewest, before = min(fewest, int(search.queue.span[1])), fewest
        yield before - fewest


def draw_kicks(n: int, settings: SearchSettings) -> Iterator[npt.NDArray[np.int64]]:
    """Yield kicks in batches: (m, 4) int64, a place and the sizes of three stretches after it.

    They sweep over the tour, about one kick a node and sweep, so that what one kick has brought
    into the memory serves the next.
    """
    generator = np.random.default_rng(settings.seed)
    reach = min(settings.kick_reach, (n - 1) // 3)
    count = _kick_count(n, settings)
    for start in range(0, count, n):
        kicks = generator.integers(1, reach + 1, (min(n, count - start), 4))
        kicks[:, 0] = np.sort(generator.integers(0, n + 1, len(kicks)))
        for batch in range(0, len(kicks), KICKS_AT_ONCE):
            yield kicks[batch : batch + KICKS_AT_ONCE]


def _kick_count(n: int, settings: SearchSettings) -> int:
    if n < 4:  # too few for three stretches
        return 0
    first = min(n, settings.thorough)
    further = (n - first) * min(settings.kicks_per_node, settings.kicks_per_further_node)
    return int(settings.kicks_per_node * first + further)


def cut_open(tour: Tour) -> Ints:
    """Cut the tour at its extra node, the last one, into a path."""
    order = in_sequence(tour.chunks)
    path = np.roll(order, -int(np.flatnonzero(order == len(order) - 1)[0]))[1:]
    return path if path[0] < path[-1] else path[::-1].copy()
