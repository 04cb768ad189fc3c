"""Stage `clusters`: vectors into clusters, numbered along the path."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scripts.lib.clustering.dendrogram import cut
from scripts.lib.clustering.density import density_clusters
from scripts.lib.clustering.estimate import Estimate, estimate_clusters, largest_number
from scripts.lib.clustering.item_tree import item_tree
from scripts.lib.clustering.kmeans import EXACT_ROWS, ROUNDS, centroids_of, kmeans, without_gaps
from scripts.lib.clustering.single import cut_single, tree_dendrogram
from scripts.lib.clustering.space import cluster_space
from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.vectors import Floats, Ints, Vectors, float_blocks

Method = Literal["kmeans", "ward", "average", "single", "hdbscan"]
Progress = Callable[[int], object]

LEAST_SIZE = 3
SIZE_PER_ROOT = 0.25  # the least size of a cluster is a quarter of the square root of the items


@dataclass(frozen=True)
class ClusterSettings:
    """How clusters are found; None where the collection decides."""

    method: Method = "kmeans"
    number: int | None = None
    fewest: int = 2
    most: int | None = None
    scaling: str = "none"
    smallest: int | None = None
    memory: float = 4e9  # bytes of vectors
    seed: int = 0


@dataclass(frozen=True)
class Clusters:
    """The clusters of all items.

    numbers : (n,) int32, numbered along the path; -1 unclustered
    distances : (n,) float32, from each item to its cluster's centroid; NaN unclustered
    spread : mean distance of all items from their common centre
    estimate : where the number was estimated, how
    """

    numbers: Ints
    distances: Floats
    spread: float
    estimate: Estimate | None = None

    @property
    def count(self) -> int:
        """Return the number of clusters."""
        return int(self.numbers.max(initial=-1)) + 1


def find_clusters(
    vectors: Vectors,
    graph: NeighborGraph,
    tree: Edges,
    path: Ints,
    settings: ClusterSettings,
    progress: Progress = lambda steps: None,
) -> Clusters:
    """Find clusters, as many as are asked for or as there seem to be.

    vectors : (n, d) float16 or float32
    path : (n,) int32, a permutation
    """
    n = len(vectors)
    if n < 2:
        return Clusters(np.zeros(n, np.int32), np.zeros(n, np.float32), 0.0)
    space = cluster_space(vectors, settings.scaling, settings.memory, settings.seed)
    estimate = None
    if settings.number is None and settings.method != "hdbscan":
        most = settings.most or largest_number(n)
        estimate = estimate_clusters(space, settings.fewest, max(most, settings.fewest), settings.seed)
    k = settings.number or (estimate.number if estimate else 1)
    if settings.scaling != "none" and settings.method in ("single", "hdbscan"):
        graph = nearest_neighbors(space, KnnSettings(graph.indices.shape[1]))
        tree = minimum_spanning_tree(space, graph)
    found = _by_method(space, graph, tree, min(k, n), settings, progress)
    numbers = along_path(without_gaps(found), path)
    distances, spread = centroid_distances(vectors, numbers)
    return Clusters(numbers, distances, spread, estimate)


def _by_method(
    space: Floats, graph: NeighborGraph, tree: Edges, k: int, settings: ClusterSettings, progress: Progress
) -> npt.NDArray[np.int32]:
    smallest = settings.smallest or least_size(len(space))
    match settings.method:
        case "kmeans":
            return kmeans(space, k, settings.seed, progress)
        case "single":
            found = cut_single(tree_dendrogram(tree, len(space)), k, min(smallest, max(1, len(space) // k)))
        case "hdbscan":
            found = density_clusters(graph, tree, smallest)
        case _:
            return cut(item_tree(space, settings.method, settings.seed, progress), k)
    progress(1)
    return found


def work_of(settings: ClusterSettings, n: int) -> tuple[int, str]:
    """Return how many calls of `progress` make up the work on n items, and what they count."""
    if settings.method == "kmeans":
        return (ROUNDS if n > EXACT_ROWS else 1), "rounds"
    return (n, "images") if settings.method in ("ward", "average") else (1, "cuts")


def least_size(n: int) -> int:
    """Return how few of n items are a cluster, if nothing is asked for."""
    return max(LEAST_SIZE, round(SIZE_PER_ROOT * float(np.sqrt(n))))


def along_path(numbers: Ints, path: Ints) -> Ints:
    """Number clusters by the middle of their places on the path: (n,) int32."""
    places = np.empty(len(path), np.int64)
    places[path] = np.arange(len(path))
    order = np.lexsort((places, numbers))
    order = order[numbers[order] >= 0]
    sizes = np.bincount(numbers[order])
    middles = places[order[np.cumsum(sizes) - sizes + sizes // 2]]
    ranks = np.empty(len(sizes), np.int32)
    ranks[np.argsort(middles)] = np.arange(len(sizes))
    return np.where(numbers < 0, np.int32(-1), ranks[numbers]) if len(sizes) else numbers


def centroid_distances(vectors: Vectors, numbers: Ints) -> tuple[Floats, float]:
    """Return each item's distance to its cluster's centroid, NaN without one, and the mean to that of all."""
    everything = centroids_of(vectors, np.zeros(len(vectors), np.int32), 1)
    centroids = centroids_of(vectors, numbers, int(numbers.max(initial=-1)) + 1)
    distances, total = np.full(len(vectors), np.nan, np.float32), 0.0
    for start, block in float_blocks(vectors):
        own = numbers[start : start + len(block)]
        inside = np.flatnonzero(own >= 0)
        distances[start + inside] = np.linalg.norm(block[inside] - centroids[own[inside]], axis=1)
        total += float(np.linalg.norm(block - everything, axis=1).sum(dtype=np.float64))
    return distances, total / max(len(vectors), 1)


def clusters_table(clusters: Clusters) -> pa.Table:
    """Return the table `clusters.parquet`: a row an item, in the order of the vectors."""
    return pa.table({"cluster": pa.array(clusters.numbers), "distance": pa.array(clusters.distances)})


def cluster_facts(clusters: Clusters, settings: ClusterSettings) -> dict[str, Any]:
    """Return what `clusters.json` says: how many there are, how they were found, and how their number was."""
    sizes = np.bincount(clusters.numbers[clusters.numbers >= 0], minlength=clusters.count)
    return {
        "method": settings.method,
        "scaling": settings.scaling,
        "clusters": clusters.count,
        "unclustered": int((clusters.numbers < 0).sum()),
        "sizes": sizes.tolist(),
        "spread": clusters.spread,
        "estimate": clusters.estimate.as_json() if clusters.estimate else None,
    }
