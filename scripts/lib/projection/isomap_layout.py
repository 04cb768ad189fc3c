"""Isomap, by scikit-learn: distances along the neighbour graph, kept as well as the dimensions allow."""

from warnings import catch_warnings, simplefilter

from scripts.lib.projection.sample import Doubles, Phases, ProjectionSettings, Sample


def lay_out(sample: Sample, dimensions: int, settings: ProjectionSettings, phases: Phases) -> Doubles:
    """Return (m, dimensions) float64. Pieces of the graph are linked where they are nearest."""
    from sklearn.manifold import Isomap

    neighbors = min(settings.neighbors, len(sample.rows) - 1)
    method = Isomap(n_neighbors=neighbors, n_components=dimensions, eigen_solver="dense")
    with phases(1, f"layout in {dimensions}D") as count, catch_warnings():
        simplefilter("ignore")  # that the graph was in pieces
        layout: Doubles = method.fit_transform(sample.scaled())
        count(1)
    return layout
