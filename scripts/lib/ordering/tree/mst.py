"""The minimum spanning tree of the neighbour graph, and how much of it is proven to be Euclidean.

Edges stand in one total order, (distance, source, target), so the graph's tree is unique. The
neighbour lists prove most of its edges to be those of the minimum spanning tree of all pairs. Where
exact search for the rest is cheap or asked for, the tree becomes the Euclidean one. Where it is not,
the islands into which the graph has fallen are joined: by their shortest links as long as these are
cheap to find, by short ones beyond.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.tree.bridging import short_bridges
from scripts.lib.ordering.tree.certificate import Flags, certify
from scripts.lib.ordering.tree.edges import (
    NO_EDGES,
    Edges,
    edge_table,
    graph_edges,
    graph_links,
    in_order,
)
from scripts.lib.ordering.tree.foreign import Progress, search_cost
from scripts.lib.ordering.tree.forest import label_islands, lightest_forest, minimal_forest
from scripts.lib.ordering.tree.joining import join_exactly, rows_to_search
from scripts.lib.ordering.tree.reach import Doubles, reaches
from scripts.lib.ordering.vectors import Vectors

Joined = Literal["none", "exact", "approximate"]


@dataclass(frozen=True)
class TreeSettings:
    """Whether the tree must be the Euclidean one, and how much a round of exact search may cost if not."""

    exact: bool = False
    search_limit: float = 2e10  # multiplications, about a second on one core


class SpanningTree(NamedTuple):
    """A spanning tree and what is known of it.

    edges : (n - 1,) MST_EDGE, source < target, sorted by (distance, source, target)
    proven : (n - 1,) bool, which edges are those of one Euclidean minimum spanning tree
    islands : connected components of the neighbour graph
    joined : how they were joined
    """

    edges: Edges
    proven: Flags
    islands: int
    joined: Joined

    @property
    def exact(self) -> bool:
        """Tell whether it is a Euclidean minimum spanning tree, to within rounding."""
        return bool(self.proven.all())

    def facts(self) -> dict[str, Any]:
        """Return what is worth knowing of the tree."""
        return {
            "n": len(self.edges) + min(1, self.islands),
            "weight": float(self.edges["distance"].sum(dtype=np.float64)),
            "longest_edge": float(self.edges["distance"].max(initial=0.0)),
            "exact": self.exact,
            "certified_edges": int(self.proven.sum()),
            "islands": self.islands,
            "joined": self.joined,
        }

    def sentence(self) -> str:
        """Say in words what is worth knowing of the tree."""
        facts = self.facts()
        text = f"{len(self.edges)} edges, weight {facts['weight']:.6g}, longest {facts['longest_edge']:.6g}; "
        text += (
            "the Euclidean minimum spanning tree"
            if self.exact
            else (f"{facts['certified_edges']} edges proven to be of the Euclidean minimum spanning tree")
        )
        if self.islands > 1:
            how = {"exact": "their shortest links", "approximate": "short links"}[self.joined]
            text += f"; {self.islands} islands of the neighbour graph joined by {how}"
        return text


def minimum_spanning_tree(vectors: Vectors, graph: NeighborGraph) -> Edges:
    """Return the edges of the `spanning_tree`: (n - 1,) MST_EDGE."""
    return spanning_tree(vectors, graph).edges


def spanning_tree(
    vectors: Vectors,
    graph: NeighborGraph,
    settings: TreeSettings | None = None,
    threads: int = 1,
    progress: Progress = lambda rows: None,
) -> SpanningTree:
    """Return a spanning tree: minimal on the graph, and the Euclidean one where that is cheap.

    Among equal edges of the graph those with the smaller numbers win. Time is that of reading the
    graph some times, and of the searches that the limit allows. The bytes do not depend on the
    number of threads.

    vectors : (n, d) float16 or float32
    progress : called with the number of vectors or links newly searched
    """
    settings = settings or TreeSettings()
    if len(vectors) < 2:
        return SpanningTree(NO_EDGES, np.empty(0, bool), len(vectors), "none")
    if settings.exact and graph.method != "exact":
        whole = KnnSettings(k=graph.indices.shape[1], exact_limit=np.inf)
        graph = nearest_neighbors(vectors, whole, threads, progress)
    forest, reach = graph_forest(graph), reaches(vectors, graph)
    proven = forest[certify(forest, np.zeros(len(forest), bool), reach)]
    limit = np.inf if settings.exact else settings.search_limit
    if completion_cost(vectors, graph, proven, reach) > limit:
        return span(vectors, forest, reach, limit, threads, progress)
    links = join_exactly(vectors, proven, graph_edges(graph), reach, threads, progress)
    edges, islands = np.append(proven, links), len(vectors) - len(forest)
    return SpanningTree(
        edges[in_order(edges)], np.ones(len(edges), bool), islands, "exact" if islands > 1 else "none"
    )


def graph_forest(graph: NeighborGraph) -> Edges:
    """Return the minimum spanning forest of the graph, sorted by (distance, source, target)."""
    links = graph_links(graph)
    kept = lightest_forest(links, len(graph.indices))
    forest = edge_table(links.sources[kept], links.targets[kept], links.lengths[kept])
    return forest[in_order(forest)]


def completion_cost(vectors: Vectors, graph: NeighborGraph, proven: Edges, reach: Doubles) -> float:
    """Return the cost of the first round of a search that would prove all edges."""
    n = len(vectors)
    if not reach.any():  # nothing is known of unlisted links
        return search_cost(n, vectors)
    return search_cost(len(rows_to_search(label_islands(proven, n), graph_edges(graph), reach)), vectors)


def span(
    vectors: Vectors, forest: Edges, reach: Doubles, limit: float, threads: int, progress: Progress
) -> SpanningTree:
    """Join the islands of a forest: nearly, until exact search costs no more than the limit; then exactly."""
    n, islands = len(vectors), len(vectors) - len(forest)
    joined: Joined = "exact" if islands > 1 else "none"
    while search_cost(n - np.bincount(labels := label_islands(forest, n)).max(), vectors) > limit:
        links = short_bridges(vectors, forest, labels, threads, progress)
        forest, joined = minimal_forest(np.append(forest, links), n), "approximate"
    links = join_exactly(vectors, forest, NO_EDGES, reach, threads, progress)
    edges, searched = np.append(forest, links), np.arange(n - 1) >= len(forest)
    order = in_order(edges)
    return SpanningTree(edges[order], certify(edges[order], searched[order], reach), islands, joined)
