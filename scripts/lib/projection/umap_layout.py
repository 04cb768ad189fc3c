"""UMAP, by umap-learn, from our neighbour graph and from principal components.

What the library would begin with, its own search of neighbours and the eigenvectors of the graph, takes most
of its time for a million items, and fails or warns where the graph is in pieces. Its optimiser is given both
instead. It runs in one thread: with several its result would differ from run to run.
"""

from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np

from scripts.lib.ordering.vectors import Floats, Ints
from scripts.lib.projection.sample import Phases, Places, ProjectionSettings, Sample

MIN_DIST, SPREAD = 0.1, 1.0  # how close items may lie: the library's defaults
MANY = 10_000  # items; beyond, fewer epochs do: the library's rule
EPOCHS, EPOCHS_OF_MANY = 500, 200


class Epochs:
    """Stand in for a terminal, to which the library writes the number of epochs it has done."""

    def __init__(self, count: Any) -> None:
        self.count, self.done = count, 0

    def write(self, text: str) -> None:
        """Read the number, and count what is new."""
        if (number := text.strip()).isdigit():
            self.count(int(number) - self.done)
            self.done = int(number)

    def flush(self) -> None:
        """Do nothing: there is nothing to hold back."""


def lay_out(sample: Sample, dimensions: int, settings: ProjectionSettings, phases: Phases) -> Places:
    """Return (m, dimensions) float32."""
    library = import_library()
    random, m = np.random.RandomState(settings.seed), len(sample.rows)
    indices, distances = with_themselves(sample.graph.indices, sample.graph.distances)
    graph = library.fuzzy_simplicial_set(
        sample.vectors, indices.shape[1], random, "euclidean", knn_indices=indices, knn_dists=distances
    )[0]
    a, b = library.find_ab_params(SPREAD, MIN_DIST)
    epochs = EPOCHS if m <= MANY else EPOCHS_OF_MANY
    with phases(epochs, f"epochs in {dimensions}D") as count:
        layout, _ = library.simplicial_set_embedding(
            sample.vectors,
            graph,
            dimensions,
            initial_alpha=1.0,
            a=a,
            b=b,
            gamma=1.0,
            negative_sample_rate=5,
            n_epochs=epochs,
            init=sample.jittered_start(dimensions, settings.seed).astype(np.float32),
            random_state=random,
            metric="euclidean",
            metric_kwds={},
            densmap=False,
            densmap_kwds={},
            output_dens=False,
            tqdm_kwds={"file": Epochs(count), "disable": False, "bar_format": "{n}"},
        )
    result: Places = layout
    return result


def import_library() -> Any:
    """Import umap-learn without its remark that a part of it wants Tensorflow."""
    with catch_warnings():
        filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from umap import umap_
    return umap_


def with_themselves(indices: Ints, distances: Floats) -> tuple[Ints, Floats]:
    """Put each item before its neighbours, as the library wants it: (m, k + 1)."""
    selves = np.arange(len(indices), dtype=np.int32)[:, np.newaxis]
    nothing = np.zeros((len(indices), 1), np.float32)
    return np.hstack([selves, indices]), np.hstack([nothing, distances])
