"""How good the maps are, and what they cost.

    python -m benchmarks.projection [--labelled FOLDER [--weights FILE]] [--million]

Quality is measured on labelled images: trustworthiness (Venna and Kaski 2001; of a sample, 15 neighbours) of
either map, and the share of images that have the label of most of their 10 nearest, on the map and by the
vectors themselves. Costs are those of both maps together, each method in a process of its own that reads
vectors and neighbours from files; the neighbours that the sort has found do not count.
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.labelled import add_labelled_options, labelled_of
from benchmarks.measure import in_own_process, peak_memory, print_table, timed
from benchmarks.stages import default_settings
from benchmarks.vectors import write_vectors
from scripts.lib.ordering.graph.knn import KnnSettings, nearest_neighbors
from scripts.lib.ordering.graph.neighbors import read_graph
from scripts.lib.ordering.vectors import sample_rows
from scripts.lib.projection.projection import METHODS, Maps, project
from scripts.lib.projection.sample import ProjectionSettings

Vectors = npt.NDArray[np.float16] | npt.NDArray[np.float32]

SAMPLE, NEIGHBORS, VOTES = 2000, 15, 10
LANDMARKS = 3000  # with which the methods are measured that bear all of the labelled images
MIDDLE, LARGE = (60_000, 416), (1_000_000, 256)


class Made(NamedTuple):
    """Maps, and what they cost: seconds, and GB at most."""

    maps: Maps
    seconds: float
    memory: float


def main() -> None:
    """Print quality and costs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_labelled_options(parser)
    parser.add_argument(
        "--million", action="store_true", help="measure a million vectors, too: an hour or two"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.labelled:
            labelled = labelled_of(options)
            print_quality(labelled.vectors, labelled.labels, Path(folder), options.threads)
        print_costs(MIDDLE, ("pca", "umap", "tsne"), Path(folder), options.threads)
        if options.million:
            print_costs(LARGE, ("pca", "umap"), Path(folder), options.threads)


def print_quality(vectors: Vectors, labels: npt.NDArray[np.int64], folder: Path, threads: int) -> None:
    """Print what the maps keep, of every method, with landmarks and without."""
    file = folder / "labelled.npy"
    np.save(file, vectors)
    find_neighbors(file, threads)
    print(f"{len(vectors):,} labelled images, {vectors.shape[1]:,} dimensions; ", end="")
    print(f"{agreement(vectors, labels):.3f} have the label of most of their {VOTES} nearest vectors")
    rows = [("", "landmarks", "seconds", "GB", "trust in 2D", "in 3D", "label in 2D", "in 3D")]
    for method, limit in [
        ("pca", None),
        *((m, None) for m in METHODS),
        ("umap", LANDMARKS),
        ("tsne", LANDMARKS),
    ]:
        made = in_own_process(make_maps, file, ProjectionSettings(method, limit=limit, threads=threads))
        planes = (made.maps.plane, made.maps.space)
        trusts = [f"{trust(vectors, places):.3f}" for places in planes]
        votes = [f"{agreement(places, labels):.3f}" for places in planes]
        costs = (f"{made.seconds:.0f}", f"{made.memory:.1f}")
        rows.append((method, f"{made.maps.landmarks[0]:,}", *costs, *trusts, *votes))
    print_table(rows)


def print_costs(shape: tuple[int, int], methods: Sequence[str], folder: Path, threads: int) -> None:
    """Print time and memory for made vectors."""
    file = folder / "made.npy"
    write_vectors(file, *shape, seed=0)
    _, seconds = timed(lambda: in_own_process(find_neighbors, file, threads))
    print(f"{shape[0]:,} made vectors of {shape[1]} dimensions; their neighbours took {seconds:.0f} s")
    rows = [("", "landmarks in 2D", "in 3D", "seconds", "GB", "trust in 2D", "in 3D")]
    vectors = np.load(file, mmap_mode="r")
    for method in methods:
        made = in_own_process(make_maps, file, ProjectionSettings(method, threads=threads))
        landmarks = [f"{each:,}" for each in made.maps.landmarks]
        trusts = [f"{trust(vectors, places):.3f}" for places in (made.maps.plane, made.maps.space)]
        rows.append((method, *landmarks, f"{made.seconds:.0f}", f"{made.memory:.1f}", *trusts))
    print_table(rows)


def find_neighbors(file: Path, threads: int) -> None:
    """Write the graph that a sort would have beside the vectors."""
    graph = nearest_neighbors(np.load(file, mmap_mode="r"), default_settings().knn, threads)
    np.savez(file.with_suffix(".npz"), **graph._asdict())


def make_maps(file: Path, settings: ProjectionSettings) -> Made:
    """Lay the vectors of a file out."""
    vectors, graph = np.load(file, mmap_mode="r"), read_graph(file.with_suffix(".npz"))
    maps, seconds = timed(
        lambda: project(vectors, graph, settings, lambda total, unit: nullcontext(lambda units: None))
    )
    return Made(maps, seconds, peak_memory())


def trust(vectors: Vectors, places: npt.NDArray[np.float32]) -> float:
    """Return the trustworthiness of a sample."""
    from sklearn.manifold import trustworthiness

    rows = sample_rows(len(vectors), SAMPLE, seed=0)
    return float(trustworthiness(vectors[rows].astype(np.float32), places[rows], n_neighbors=NEIGHBORS))


def agreement(vectors: Vectors, labels: npt.NDArray[np.int64]) -> float:
    """Return the share of items that have the label of most of their nearest; ties take the smallest."""
    nearest = nearest_neighbors(vectors, KnnSettings(k=VOTES)).indices
    votes = np.stack([(labels[nearest] == label).sum(axis=1) for label in range(labels.max() + 1)], axis=1)
    return float((votes.argmax(axis=1) == labels).mean())


if __name__ == "__main__":
    main()
