"""Locally linear embedding, by scikit-learn: each item stays a mixture of its neighbours.

The modified form (Zhang and Wang 2007) takes several mixtures of each; the plain one folds real data
into a few spikes. It is what remains where there are too few neighbours.
"""

import numpy as np

from scripts.lib.projection.sample import Doubles, Phases, ProjectionSettings, Sample

NOISE = 1e-6  # of the vectors' spread: equal neighbours would span nothing


def lay_out(sample: Sample, dimensions: int, settings: ProjectionSettings, phases: Phases) -> Doubles:
    """Return (m, dimensions) float64."""
    from sklearn.manifold import LocallyLinearEmbedding

    neighbors = min(settings.neighbors, len(sample.rows) - 1)
    vectors = sample.scaled()
    missing = max(0, dimensions - vectors.shape[1])
    vectors = np.pad(vectors, ((0, 0), (0, missing)))  # it refuses to unfold into more than there are
    vectors += np.random.default_rng(settings.seed).normal(scale=NOISE, size=vectors.shape)
    with phases(1, f"layout in {dimensions}D") as count:
        method = LocallyLinearEmbedding(
            n_neighbors=neighbors,
            n_components=dimensions,
            method="modified" if neighbors > dimensions else "standard",
            eigen_solver="dense",  # the sparse one fails where the graph is in pieces
            random_state=settings.seed,
        )
        layout: Doubles = method.fit_transform(vectors)
        count(1)
    return layout
