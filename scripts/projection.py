"""Stage `projection`: the vectors into maps, in two and in three dimensions."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.ordering.graph.neighbors import read_graph
from scripts.lib.projection.projection import project, projection_table
from scripts.lib.projection.sample import ProjectionSettings
from scripts.lib.run.stage import stage


def settings_of(job: Any) -> ProjectionSettings:
    """Return how to lay the items out."""
    limit = None if job.params.limit == "auto" else job.params.limit
    return ProjectionSettings(job.params.method, job.params.neighbors, limit, job.params.seed, job.threads)


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input.vectors), Path(job.input.graph)]
    with stage("projection", job.log[0]) as run:
        for source in sources:
            checked(source)
        vectors, settings = read_vectors(sources[0]), settings_of(job)
        maps = project(vectors, read_graph(sources[1]), settings, run.progress)
        provenance = Provenance("projection", job.params.version, dict(job.params.items()), sources)
        provenance.facts.update(n=len(vectors), method=settings.method, landmarks=maps.landmarks)
        with recording(Path(job.output.projection), provenance) as temporary:
            pq.write_table(projection_table(maps), temporary)
        run.counts(len(vectors), "items")
        run.info("%s, landmarks in 2D and 3D: %s", settings.method, maps.landmarks)


if __name__ == "__main__":
    main(snakemake)
