"""Stage `bound`: how long every path through the vectors is at least, and how sure that is."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.atomic import write_json
from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.ordering.graph.neighbors import read_graph
from scripts.lib.ordering.measure.bound import BoundSettings, lower_bound
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    inputs = [Path(job.input.vectors), Path(job.input.graph)]
    with stage("bound", job.log[0]) as run:
        vectors, graph = read_vectors(checked(inputs[0])), read_graph(checked(inputs[1]))
        settings = BoundSettings(seed=job.params.seed)
        bound = lower_bound(vectors, graph, settings, job.threads, run.progress)
        provenance = Provenance("bound", job.params.version, dict(job.params.items()), inputs)
        provenance.facts.update(n=len(vectors), **bound._asdict())
        with recording(Path(job.output.bound), provenance) as temporary:
            write_json(temporary, bound._asdict())
        run.counts(len(vectors), "items")
        run.info("no path is shorter than %.6g: %s, confidence %g", *bound[:3])


if __name__ == "__main__":
    main(snakemake)
