"""How good clusters and hierarchical labels are, and what they cost.

    python -m benchmarks.clusters [--labelled FOLDER [--weights FILE]] [--million-labels]

Quality is the adjusted mutual information with the labels (Vinh, Epps and Bailey 2010), against that of
scikit-learn's clusters of the same vectors; and how long the links of the order by label are. Costs are those
of processes of their own.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.labelled import add_labelled_options, labelled_of
from benchmarks.measure import in_own_process, peak_memory, print_table, spread, timed
from benchmarks.stages import order, warm_up
from benchmarks.vectors import write_vectors
from scripts.lib.clustering.clusters import ClusterSettings, find_clusters
from scripts.lib.clustering.dendrogram import cut
from scripts.lib.clustering.estimate import estimate_clusters, largest_number
from scripts.lib.clustering.item_tree import item_tree
from scripts.lib.clustering.kmeans import kmeans
from scripts.lib.labels.label_tree import label_order
from scripts.lib.labels.labels import LabelSettings, make_labels
from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.measure.quality import link_lengths, random_order
from scripts.lib.ordering.tree.mst import minimum_spanning_tree
from scripts.lib.ordering.vectors import Floats, Ints

CUTS = (5, 8, 10, 12, 16, 20, 30, 40, 64)
SEEDS = 5
MIDDLE, LABELLED_ROWS, LARGE, LARGE_CLUSTERS = (60_000, 416), (100_000, 256), (1_000_000, 256), 1000


class Cost(NamedTuple):
    """What was made in a process of its own: a word on it, seconds, GB at most."""

    result: str
    seconds: float
    memory: float


def main() -> None:
    """Print quality and costs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_labelled_options(parser)
    parser.add_argument("--million-labels", action="store_true", help="label a million vectors, too")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    print_estimates()
    if options.labelled:
        found = labelled_of(options)
        print_quality(found.vectors.astype(np.float32), found.labels)
        print_label_order(found.vectors, options.threads)
    with tempfile.TemporaryDirectory() as folder:
        print_costs(Path(folder), options.million_labels)


def print_estimates() -> None:
    """Print how many clusters are found in well separated groups, which is known."""
    rows = [("groups", "vectors", "dimensions", "estimate over seeds")]
    for groups, size, dimension in ((10, 500, 64), (10, 20_000, 512), (100, 2000, 64), (100, 20_000, 512)):
        found = [estimated(groups, size, dimension, seed) for seed in range(SEEDS)]
        rows.append((str(groups), f"{size:,}", str(dimension), spread(found)))
    print("estimated number of clusters; goal: within 20 % of the groups")
    print_table(rows)


def estimated(groups: int, size: int, dimension: int, seed: int) -> float:
    """Return the estimate for groups of unequal sizes that lie three widths apart and more."""
    random = np.random.default_rng(seed)
    sizes = np.maximum(3, random.dirichlet(np.full(groups, 3.0)) * size).astype(int)
    centres = random.normal(size=(groups, dimension)) * 4
    vectors = np.repeat(centres, sizes, axis=0) + random.normal(size=(sizes.sum(), dimension)) * 1.5
    return estimate_clusters(vectors.astype(np.float32), 2, largest_number(len(vectors)), seed).number


def print_quality(vectors: Floats, labels: npt.NDArray[np.int64]) -> None:
    """Print how well clusters agree with labels, ours and scikit-learn's."""
    k = int(labels.max()) + 1

    def agreement(numbers: npt.NDArray[np.int32]) -> float:
        return float(adjusted_mutual_info_score(labels, numbers))

    ours = [agreement(kmeans(vectors, k, seed)) for seed in range(SEEDS)]
    theirs = [agreement(KMeans(k, random_state=seed).fit(vectors).labels_) for seed in range(SEEDS)]
    tree = item_tree(vectors, "ward", 0)
    own = {cuts: agreement(cut(tree, cuts)) for cuts in (*CUTS, k)}
    peer = {cuts: agreement(numbers) for cuts, numbers in cuts_of_scikit_learn(vectors, (*CUTS, k)).items()}
    best, best_peer = (max(each, key=each.__getitem__) for each in (own, peer))
    estimate = estimate_clusters(vectors, 2, largest_number(len(vectors)), 0)
    print(f"{len(vectors):,} labelled images of {k} classes; {estimate.number} clusters are estimated")
    print_table(
        [
            ("adjusted mutual information", "ours", "scikit-learn"),
            (f"k-means, k = {k}", spread(ours, ".4f"), spread(theirs, ".4f")),
            (
                "Ward, the best cut of each",
                f"{own[best]:.4f} ({best})",
                f"{peer[best_peer]:.4f} ({best_peer})",
            ),
            (f"Ward, cut into {k}", f"{own[k]:.4f}", f"{peer[k]:.4f}"),
        ]
    )


def cuts_of_scikit_learn(vectors: Floats, numbers: Iterable[int]) -> dict[int, Ints]:
    """Return scikit-learn's clusters for each number of them, from one tree."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            k: AgglomerativeClustering(k, memory=folder, compute_full_tree=True).fit(vectors).labels_
            for k in numbers
        }


def print_label_order(vectors: npt.NDArray[np.float16], threads: int) -> None:
    """Print the mean link of the order by label, of the path and of a random order."""
    warm_up(vectors, threads)
    path = order(vectors, threads)[0].path
    labels = make_labels(vectors, LabelSettings()).labels.labels
    orders = {"path": path, "by label": label_order(labels).astype(np.int32)}
    orders["random"] = random_order(len(vectors), 0)
    means = {name: float(link_lengths(vectors, each).mean()) for name, each in orders.items()}
    print(f"labels of up to {max(map(len, labels))} symbols; mean links over the path's")
    print_table([(name, f"{mean / means['path']:.3f}") for name, mean in means.items()])


def print_costs(folder: Path, million_labels: bool) -> None:
    """Print time and memory, each in a process of its own."""
    rows = [("", "result", "seconds", "GB")]
    works: list[tuple[str, tuple[int, int], Callable[[Path], Cost]]] = [
        ("HDBSCAN", MIDDLE, cost_of_density),
        ("hierarchical labels", MIDDLE, cost_of_labels),
        ("hierarchical labels", LABELLED_ROWS, cost_of_labels),
        (f"k-means, k = {LARGE_CLUSTERS:,}", LARGE, cost_of_kmeans),
    ]
    if million_labels:
        works.append(("hierarchical labels", LARGE, cost_of_labels))
    for name, (size, dimension), work in works:
        file = folder / f"{size}-{dimension}.npy"
        if not file.exists():
            write_vectors(file, size, dimension, seed=0)
        cost = in_own_process(work, file)
        title = f"{name}, {size:,} x {dimension}"
        rows.append((title, cost.result, f"{cost.seconds:.0f}", f"{cost.memory:.1f}"))
    print("costs on made vectors; goals: 300 s and 12 GB for k-means of a million and labels of 100,000")
    print_table(rows)


def cost_of_density(file: Path) -> Cost:
    """Measure HDBSCAN, without the neighbours that a sort has found."""
    vectors = np.load(file, mmap_mode="r")
    graph = nearest_neighbors(vectors, KnnSettings(k=24), os.cpu_count() or 1)
    tree = minimum_spanning_tree(vectors, graph)
    path: Ints = np.arange(len(vectors), dtype=np.int32)
    found, seconds = timed(lambda: find_clusters(vectors, graph, tree, path, ClusterSettings("hdbscan")))
    share = (found.numbers < 0).mean()
    return Cost(f"{found.count} clusters, {share:.0%} in none", seconds, peak_memory())


def cost_of_kmeans(file: Path) -> Cost:
    """Measure k-means with its distances, which needs neither neighbours nor a tree."""
    vectors = np.load(file, mmap_mode="r")
    graph, tree = nearest_neighbors(vectors[:2], KnnSettings(k=1)), np.empty(0, np.int32)
    path: Ints = np.arange(len(vectors), dtype=np.int32)
    settings = ClusterSettings("kmeans", LARGE_CLUSTERS)
    found, seconds = timed(lambda: find_clusters(vectors, graph, tree, path, settings))
    return Cost(f"{found.count:,} clusters", seconds, peak_memory())


def cost_of_labels(file: Path) -> Cost:
    """Measure labels."""
    vectors = np.load(file, mmap_mode="r")
    found, seconds = timed(lambda: make_labels(vectors, LabelSettings()).labels.labels)
    return Cost(f"up to {max(map(len, found))} symbols", seconds, peak_memory())


if __name__ == "__main__":
    main()
