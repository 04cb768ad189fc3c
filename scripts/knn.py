"""Stage `knn`: vectors into the graph of their nearest neighbours."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.ordering.knn import KnnSettings, nearest_neighbors
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    with stage("knn", job.log[0]) as run:
        if job.config["device"] == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # FAISS takes every card that it sees
        vectors = read_vectors(checked(Path(job.input.vectors)))
        settings = KnnSettings(k=job.params.k, target_recall=job.params.recall, seed=job.params.seed)
        with run.progress(len(vectors), "items") as count:
            graph = nearest_neighbors(vectors, settings, job.threads, count)
        provenance = Provenance(
            "knn", job.params.version, dict(job.params.items()), [Path(job.input.vectors)]
        )
        provenance.facts.update(
            n=len(vectors), k=graph.indices.shape[1], recall=graph.recall, method=graph.method
        )
        with (
            recording(Path(job.output.graph), provenance) as temporary,
            temporary.open("wb") as stream,
        ):
            np.savez(stream, **graph._asdict())
        run.info("%s, recall %.4f", graph.method, graph.recall)


if __name__ == "__main__":
    main(snakemake)
