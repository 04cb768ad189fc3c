"""The refinement of a path: local search over neighbour lists on the path as a whole.

It starts from greedy fragments (`greedy`) or from the given path, whichever is shorter. The path
becomes a tour through one extra node at distance zero from all others, so that both of its ends are
free. Lin-Kernighan chains of 2-opt moves and Or-opt moves bring it to a local minimum (`moves`);
kicks, so many per node, go on from there (`local_search`). The work is bounded by these counts, never
by a clock: the same vectors give the same path on any machine of one kind, interrupted or not.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.metric import kernel_view, pair_distances
from scripts.lib.ordering.search.chunks import in_sequence
from scripts.lib.ordering.search.ends import beginning_with, cut_at_weakest_link, directed
from scripts.lib.ordering.search.greedy import greedy_path
from scripts.lib.ordering.search.kicks import SearchSettings, draw_kicks, kick_count
from scripts.lib.ordering.search.links import make_links
from scripts.lib.ordering.search.local_search import Search, descend, kick_and_repair, make_queue, queued
from scripts.lib.ordering.search.moves import make_chain
from scripts.lib.ordering.search.search_state import SearchState, StateFile
from scripts.lib.ordering.search.tour import Tour, make_tour
from scripts.lib.ordering.vectors import Ints, Vectors

LISTED_REVERSALS = 1 << 12


def refine(
    vectors: Vectors,
    graph: NeighborGraph,
    path: Ints,
    settings: SearchSettings | None = None,
    progress: Callable[[int], None] = lambda steps: None,
    state_file: StateFile | None = None,
) -> Ints:
    """Shorten a path through all vectors; the result is never longer.

    Both ends are free, and lie where the collection itself breaks: at the longest link of the tour
    that it would otherwise be. With `settings.first` one end is given, and the path may get longer.

    vectors : (n, d) float16 or float32, may be a memory map
    path : (n,) int32, a permutation
    progress : called with the number of steps newly done, of which `search_steps` tells the total
    state_file : where the search is kept while it lasts, and from where it goes on
    returns : (n,) int32, a permutation; beginning with `first`, or else with the smaller of its ends
    """
    settings = settings or SearchSettings()
    if len(path) < 3:
        return directed(np.sort(path).astype(np.int32), settings.first)
    start = beginning_with(shorter(vectors, path, greedy_path(graph, path)), settings.first)
    numbers = start if vectors.nbytes <= settings.copied_bytes else np.arange(len(path), dtype=np.int32)
    search_vectors, search_graph, places = renumber(vectors, graph, numbers)
    first = None if settings.first is None else int(places[settings.first])
    state = state_file.read() if state_file else None
    search = make_search(search_vectors, search_graph, places[start], replace(settings, first=first), state)
    run(search, settings, state.kicks if state else 0, progress, state_file)
    found = numbers[cut_open(search.tour)]
    if settings.first is not None:
        return directed(found, settings.first)
    return directed(shorter(vectors, cut_at_weakest_link(vectors, found), path))


def search_steps(n: int, settings: SearchSettings) -> int:
    """Return the number of steps that `refine` reports for n vectors: nodes, then kicks."""
    return n + kick_count(n, settings) if n >= 3 else 0


def renumber(vectors: Vectors, graph: NeighborGraph, order: Ints) -> tuple[Vectors, NeighborGraph, Ints]:
    """Number vectors and graph in the given order, so that what is near on the path is near in memory.

    Returns also the new number of each vector: (n,) int32.
    """
    places = np.empty_like(order)
    places[order] = np.arange(len(order), dtype=np.int32)
    if (order == places).all() and (order[:-1] < order[1:]).all():
        return vectors, graph, places
    moved = graph._replace(indices=places[graph.indices[order]], distances=graph.distances[order])
    return vectors[order], moved, places


def make_search(
    vectors: Vectors,
    graph: NeighborGraph,
    path: Ints,
    settings: SearchSettings,
    state: SearchState | None = None,
) -> Search:
    """Close the path to a tour through the extra node n, all nodes queued; or take up a search again."""
    links = make_links(vectors, graph, settings.neighbors, settings.first)
    nodes = np.append(path, len(path)).astype(np.int32)
    tour = make_tour(state.tour if state else nodes, LISTED_REVERSALS, settings.longest)
    chain = make_chain(settings.breadth, links.neighbors.shape[1])
    return Search(links, tour, chain, make_queue(state.waiting if state else nodes, len(nodes)))


def run(
    search: Search,
    settings: SearchSettings,
    tried: int,
    progress: Callable[[int], None],
    state_file: StateFile | None,
) -> None:
    """Descend to a local minimum, then try all kicks but those that were tried before."""
    n = len(search.queue.waiting) - 1
    for nodes in _descend_all(search):
        progress(nodes)
        _keep(search, 0, state_file)
    done = 0
    for kicks in draw_kicks(n, settings):
        done += len(kicks)
        if done > tried:
            kick_and_repair(search, kicks)
            _keep(search, done, state_file)
        progress(len(kicks))


def _descend_all(search: Search) -> Iterator[int]:
    """Descend to a local minimum; yield how many nodes have left the queue for good."""
    fewest = len(search.queue.waiting) - 1
    while search.queue.span[1]:
        descend(search, 0)
        fewest, before = min(fewest, int(search.queue.span[1])), fewest
        yield before - fewest
    yield fewest


def _keep(search: Search, tried: int, state_file: StateFile | None) -> None:
    if state_file and state_file.is_due():
        state_file.write(SearchState(in_sequence(search.tour.chunks), queued(search.queue), tried))


def cut_open(tour: Tour) -> Ints:
    """Cut the tour at its extra node, the last one, into a path."""
    order = in_sequence(tour.chunks)
    return directed(np.roll(order, -int(order.argmax()))[1:])


def shorter(vectors: Vectors, one: Ints, other: Ints) -> Ints:
    """Return the shorter of two paths, the first if they are equally long."""
    view = kernel_view(vectors)
    lengths = [pair_distances(view, path[:-1], path[1:]).sum(dtype=np.float64) for path in (one, other)]
    return one if lengths[0] <= lengths[1] else other
