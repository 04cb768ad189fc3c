"""Multidimensional scaling, by scikit-learn: all distances, kept as well as the dimensions allow."""

from scripts.lib.projection.sample import Doubles, Phases, ProjectionSettings, Sample


def lay_out(sample: Sample, dimensions: int, settings: ProjectionSettings, phases: Phases) -> Doubles:
    """Return (m, dimensions) float64, found from the principal components on."""
    from sklearn.manifold import MDS

    vectors = sample.scaled()
    start = sample.start[:, :dimensions] / (sample.start.std() or 1.0)
    with phases(1, f"layout in {dimensions}D") as count:
        method = MDS(
            dimensions,
            n_init=1,
            init="random",  # replaced by what `fit` is given
            metric="euclidean",
            random_state=settings.seed,
        )
        layout: Doubles = method.fit_transform(vectors, init=start)
        count(1)
    return layout
