"""Stage `two_opt`: the walk into a shorter path, by local search, and how good that is."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.atomic import write_json
from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.ordering.bound import ROUNDS, lower_bound
from scripts.lib.ordering.knn import read_graph
from scripts.lib.ordering.quality import path_quality
from scripts.lib.ordering.two_opt import SearchSettings, refine, search_steps
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    inputs = [Path(job.input[name]) for name in ("vectors", "graph", "traversal")]
    with stage("two_opt", job.log[0]) as run:
        for each in inputs:
            checked(each)
        vectors, graph, walk = read_vectors(inputs[0]), read_graph(inputs[1]), np.load(inputs[2])
        settings = SearchSettings(seed=job.params.seed)
        with run.progress(search_steps(len(walk), settings), "steps") as count:
            path = refine(vectors, graph, walk, settings, count)
        with run.progress(ROUNDS, "rounds") as count:
            bound = lower_bound(vectors, graph, progress=count)
        quality = path_quality(vectors, path, job.params.seed, bound)
        provenance = Provenance("two_opt", job.params.version, dict(job.params.items()), inputs)
        provenance.facts.update(n=len(path), length=quality.length)
        with recording(Path(job.output.quality), provenance) as temporary:
            write_json(temporary, quality.as_json())
        with (
            recording(Path(job.output.path), provenance) as temporary,
            temporary.open("wb") as stream,
        ):
            np.save(stream, path)
        gap = "unknown" if quality.gap is None else f"{quality.gap:.2%}"
        run.info("length %.6g, mean link %.6g, gap to the bound %s", quality.length, quality.mean, gap)


if __name__ == "__main__":
    main(snakemake)
