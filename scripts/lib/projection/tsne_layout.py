"""t-SNE, by openTSNE: neighbours stay neighbours, distances between groups mean little.

In two dimensions the forces on many items are interpolated on a grid (Linderman et al. 2019), whose time
grows with their number; in three a tree sums them up (Barnes-Hut), which is dearer, but not for few.
Starting from principal components keeps the large picture (Kobak and Berens 2019).
"""

import numpy as np

from scripts.lib.projection.sample import Doubles, Phases, ProjectionSettings, Sample

EXAGGERATED, ORDINARY = 250, 500  # iterations
EXAGGERATION = 12
EVERY = 10  # iterations between two looks at the progress
START_SPREAD = 1e-4
MANY = 4_000  # items from which a grid is faster than a tree
PLANE_COARSENESS, SPACE_COARSENESS = 0.5, 0.8  # theta of the tree


def lay_out(sample: Sample, dimensions: int, settings: ProjectionSettings, phases: Phases) -> Doubles:
    """Return (m, dimensions) float64. The number of threads does not change it."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    distances = sample.graph.distances.astype(np.float64)
    known = PrecomputedNeighbors(sample.graph.indices, distances / (distances.mean() or 1.0))
    on_grid = dimensions == 2 and len(sample.rows) > MANY
    perplexity = sample.graph.indices.shape[1] / 3
    affinities = PerplexityBasedNN(knn_index=known, perplexity=perplexity, n_jobs=settings.threads)
    layout = TSNEEmbedding(
        np.ascontiguousarray(sample.jittered_start(dimensions, settings.seed)) * START_SPREAD,
        affinities,
        negative_gradient_method="fft" if on_grid else "bh",
        theta=PLANE_COARSENESS if dimensions == 2 else SPACE_COARSENESS,
        n_jobs=settings.threads,
        random_state=settings.seed,
    )
    with phases(EXAGGERATED + ORDINARY, f"iterations in {dimensions}D") as count:
        watch = {"callbacks": [lambda *_: count(EVERY)], "callbacks_every_iters": EVERY}
        layout.optimize(EXAGGERATED, exaggeration=EXAGGERATION, momentum=0.5, inplace=True, **watch)
        layout.optimize(ORDINARY, momentum=0.8, inplace=True, **watch)
    result: Doubles = np.asarray(layout, np.float64)
    return result
