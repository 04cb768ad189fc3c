"""The stages of the sort between vectors and path, by the names of the workflow, each timed.

They run in one process with the settings of `config/config.yaml`, without reading or writing artifacts.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import yaml

from benchmarks.measure import Trial, timed
from scripts.lib.ordering.graph.indexes import IndexSettings
from scripts.lib.ordering.graph.knn import KnnSettings, NeighborGraph, nearest_neighbors
from scripts.lib.ordering.measure.bound import lower_bound
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.ordering.search.contiguous import bring_together
from scripts.lib.ordering.search.kicks import SearchSettings
from scripts.lib.ordering.search.two_opt import refine
from scripts.lib.ordering.tree.mst import SpanningTree, TreeSettings, spanning_tree
from scripts.lib.ordering.tree.near_duplicates import near_duplicate_labels
from scripts.lib.ordering.tree.traverse import traverse

Vectors = npt.NDArray[Any]
Rows = npt.NDArray[np.int32]

CONFIG = Path(__file__).resolve().parent.parent / "config" / "config.yaml"
GIGABYTE = 1 << 30
WARM_UP_ROWS = 600


class StageSettings(NamedTuple):
    """What the stages are told."""

    knn: KnnSettings
    mst: TreeSettings
    two_opt: SearchSettings


class Ordered(NamedTuple):
    """What the stages leave."""

    graph: NeighborGraph
    tree: SpanningTree
    walk: Rows
    path: Rows


def default_settings() -> StageSettings:
    """Return what the stages are told by the default configuration."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    memory, seed = int(config["memory"] * GIGABYTE), config["seed"]
    index = IndexSettings(memory=memory, seed=seed)
    search = SearchSettings(seed=seed, copied_bytes=memory).with_effort(config["search_effort"])
    return StageSettings(
        KnnSettings(k=config["knn_k"], target_recall=config["knn_recall"], index=index),
        TreeSettings(exact=config["mst_exact"]),
        search,
    )


def order(vectors: Vectors, threads: int, settings: StageSettings | None = None) -> tuple[Ordered, Trial]:
    """Run the stages from vectors to path; return what they leave, and their seconds and lengths."""
    settings = settings or default_settings()
    graph, knn = timed(lambda: nearest_neighbors(vectors, settings.knn, threads))
    tree, mst = timed(lambda: spanning_tree(vectors, graph, settings.mst, threads))
    walk, traversal = timed(lambda: traverse(tree.edges, len(vectors)))
    ordered = Ordered(graph, tree, walk, walk)
    path, search = timed(lambda: two_opt(vectors, ordered, settings.two_opt))
    trial = Trial({"knn": knn, "mst": mst, "traverse": traversal, "two_opt": search})
    trial.seconds["sum"] = sum(trial.seconds.values())
    trial.lengths.update(traverse=path_length(vectors, walk), two_opt=path_length(vectors, path))
    return ordered._replace(path=path), trial


def two_opt(vectors: Vectors, ordered: Ordered, settings: SearchSettings) -> Rows:
    """Refine the walk and bring near-duplicates together, as the stage of this name does."""
    path = refine(vectors, ordered.graph, ordered.walk, settings)
    labels = near_duplicate_labels(ordered.tree.edges, len(path))
    return bring_together(vectors, ordered.graph, ordered.tree.edges, path, labels)


def add_method(trial: Trial, name: str, vectors: Vectors, work: Callable[[], Rows]) -> None:
    """Add seconds and length of another path through the same vectors."""
    path, trial.seconds[name] = timed(work)
    trial.lengths[name] = path_length(vectors, path)


def add_bound(trial: Trial, vectors: Vectors, graph: NeighborGraph, threads: int) -> str:
    """Add seconds and value of the lower bound, `bound`; say what it is worth."""
    bound, trial.seconds["bound"] = timed(lambda: lower_bound(vectors, graph, threads=threads))
    trial.lengths["bound"] = bound.value
    return bound.kind if bound.kind == "proven" else f"{bound.kind}, confidence {bound.confidence:g}"


def warm_up(vectors: Vectors, threads: int) -> None:
    """Compile what the stages call, for vectors of this kind, so that no measurement pays for it."""
    rows, settings = vectors[:WARM_UP_ROWS], default_settings()
    approximate = settings._replace(
        knn=KnnSettings(k=settings.knn.k, exact_limit=0), mst=TreeSettings(search_limit=0)
    )
    for each in (settings, approximate):
        ordered, trial = order(rows, threads, each)
        add_bound(trial, rows, ordered.graph, threads)


def path_length(vectors: Vectors, path: Rows) -> float:
    """Return the length of the path, after making sure that it is one."""
    if not np.array_equal(np.sort(path), np.arange(len(vectors))):
        raise AssertionError("this is no path through all vectors")
    return float(link_lengths(vectors, path).sum(dtype=np.float64))
