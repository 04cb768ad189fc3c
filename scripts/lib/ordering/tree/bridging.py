"""Approximate joining: short links between islands that are too many or too large to search.

Islands are cut into cells. Cells whose centroids are near each other propose themselves in pairs;
each island keeps its nearest pairs, and in each pair the closest vectors are sought by alternating
projection: from a vector to the nearest one in the other cell, and back, until that gains nothing.
The work is about linear in the number of vectors. Nothing is proven, but every proposal becomes a
link that the spanning tree may use.
"""

import numpy as np

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.graph.candidates import workers
from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.metric import distance, kernel_view, pair_distances
from scripts.lib.ordering.tree.cells import Cells, centroids, cut_into_cells
from scripts.lib.ordering.tree.edges import Edges, edge_table, graph_edges
from scripts.lib.ordering.tree.foreign import Progress, nearest_foreign
from scripts.lib.ordering.vectors import Ints, Vectors

NEAR_CELLS = 16  # neighbours of a cell that are looked at
CELL_PAIRS = 32  # of an island that are searched for its shortest links
PROPOSAL_RECALL = 0.5
CHUNK = 256


def short_bridges(
    vectors: Vectors,
    forest: Edges,
    islands: Ints,
    threads: int = 1,
    progress: Progress = lambda rows: None,
) -> Edges:
    """Return short links between neighbouring islands, several for each and at least one in all.

    vectors : (n, d) float16 or float32
    forest : (m,) MST_EDGE, edges that span each island
    islands : (n,) int32, the number of each vector's island; at least two
    returns : (p,) MST_EDGE
    """
    cells = cut_into_cells(forest, islands)
    pairs = nearest_pairs(propose(centroids(vectors, cells), cells.islands, threads), cells.islands)
    return closest_links(vectors, cells, pairs, threads, progress)


def propose(points: Vectors, islands: Ints, threads: int) -> Edges:
    """Return pairs of cells of different islands whose centroids are near, with their distances.

    A cell in the midst of its island may have no foreign one among its neighbours: cells of
    islands that have several look for the nearest foreign one among their like as well.

    points : (cells, d) float16 or float32, centroids
    islands : (cells,) int32
    returns : (p,) MST_EDGE between cells, each once
    """
    settings = KnnSettings(k=NEAR_CELLS, target_recall=PROPOSAL_RECALL)
    pairs = graph_edges(nearest_neighbors(points, settings, threads))
    several = np.flatnonzero(np.bincount(islands)[islands] > 1).astype(np.int32)
    if len(np.unique(islands[several])) > 1:
        rows = np.arange(len(several), dtype=np.int32)
        found = nearest_foreign(points[several], islands[several], rows, threads)
        ends = several[found["source"]], several[found["target"]]
        pairs = np.append(pairs, edge_table(*ends, found["distance"]))
    pairs = pairs[islands[pairs["source"]] != islands[pairs["target"]]]
    key = pairs["source"].astype(np.int64) * len(points) + pairs["target"]
    once: Edges = pairs[np.unique(key, return_index=True)[1]]
    return once


def nearest_pairs(pairs: Edges, islands: Ints) -> Edges:
    """Return the pairs of cells that are among the nearest ones of either island."""
    ends = np.append(islands[pairs["source"]], islands[pairs["target"]])
    order = np.lexsort((np.tile(pairs["distance"], 2), ends))
    counts = np.bincount(ends)
    ranks = np.empty(len(ends), np.int64)
    ranks[order] = np.arange(len(ends)) - np.repeat(counts.cumsum() - counts, counts)
    near: Edges = pairs[ranks.reshape(2, -1).min(axis=0) < CELL_PAIRS]
    return near


def closest_links(vectors: Vectors, cells: Cells, pairs: Edges, threads: int, progress: Progress) -> Edges:
    """Return a short link between the cells of each pair: (p,) MST_EDGE."""
    rows, links = kernel_view(vectors), np.empty((2, len(pairs)), np.int32)
    ones, others = np.ascontiguousarray(pairs["source"]), np.ascontiguousarray(pairs["target"])

    def approach_chunk(at: int) -> int:
        chunk = slice(at, at + CHUNK)
        approach(rows, cells, ones[chunk], others[chunk], links[0, chunk], links[1, chunk])
        return len(ones[chunk])

    with workers(threads) as pool:
        for done in pool.map(approach_chunk, range(0, len(pairs), CHUNK)):
            progress(done)
    return edge_table(links[0], links[1], pair_distances(rows, links[0], links[1]))


@compiled
def approach(vectors: Vectors, cells: Cells, ones: Ints, others: Ints, sources: Ints, targets: Ints) -> None:
    """Write a short link between the cells of each pair, found by alternating projection.

    ones, others : (p,) int32, cells
    sources, targets : (p,) int32, vectors; written
    """
    for pair in range(ones.size):
        one, other = ones[pair], others[pair]
        target = cells.members[cells.starts[other]]
        source = nearest_member(vectors, cells, one, target)
        shortest = np.float32(np.inf)
        while distance(vectors, source, target) < shortest:
            shortest = distance(vectors, source, target)
            sources[pair], targets[pair] = source, target
            target = nearest_member(vectors, cells, other, source)
            source = nearest_member(vectors, cells, one, target)


@compiled
def nearest_member(vectors: Vectors, cells: Cells, cell: int, row: int) -> int:
    """Return the vector of a cell that is nearest to a vector."""
    nearest, shortest = -1, np.float32(np.inf)
    for place in range(cells.starts[cell], cells.starts[cell + 1]):
        length = distance(vectors, cells.members[place], row)
        if length < shortest:
            nearest = cells.members[place]
            shortest = length
    return nearest
