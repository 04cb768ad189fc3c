"""t-SNE, by openTSNE: neighbours stay neighbours, distances between groups mean little.

In two dimensions forces are interpolated on a grid (Linderman et al. 2019), whose time grows with the
number of items; in three a tree sums them up (Barnes-Hut), which is dearer. Starting from principal
components keeps the large picture (Kobak and Berens 2019).
"""

import numpy as np

from scripts.lib.projection.sample import Doubles, Phases, ProjectionSettings, Sample

EXAGGERATED, ORDINARY = 250, 500  # iterations
EXAGGERATION = 12
EVERY = 10  # iterations between two looks at the progress
START_SPREAD = 1e-4
TREE_COARSENESS = 0.8  # theta: in three dimensions trees are dear; 0.5 is the usual value


def lay_out(sample: Sample, dimensions: int, settings: ProjectionSettings, phases: Phases) -> Doubles:
    """Return (m, dimensions) float64. The number of threads does not change it."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    distances = sample.graph.distances.astype(np.float64)
    known = PrecomputedNeighbors(sample.graph.indices, distances / (distances.mean() or 1.0))
    perplexity = sample.graph.indices.shape[1] / 3
    affinities = PerplexityBasedNN(knn_index=known, perplexity=perplexity, n_jobs=settings.threads)
    layout = TSNEEmbedding(
        np.ascontiguousarray(sample.jittered_start(dimensions, settings.seed)) * START_SPREAD,
        affinities,
        negative_gradient_method="fft" if dimensions == 2 else "bh",
        theta=TREE_COARSENESS,
        n_jobs=settings.threads,
        random_state=settings.seed,
    )
    with phases(EXAGGERATED + ORDINARY, f"iterations in {dimensions}D") as count:
        watch = {"callbacks": [lambda *_: count(EVERY) and False], "callbacks_every_iters": EVERY}
        layout.optimize(EXAGGERATED, exaggeration=EXAGGERATION, momentum=0.5, inplace=True, **watch)
        layout.optimize(ORDINARY, momentum=0.8, inplace=True, **watch)
    result: Doubles = np.asarray(layout, np.float64)
    return result
