"""Stage `mst`: the neighbour graph into its minimum spanning tree."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.ordering.graph.neighbors import read_graph
from scripts.lib.ordering.tree.mst import TreeSettings, spanning_tree
from scripts.lib.run.processes import hide_gpus
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    inputs = [Path(job.input.vectors), Path(job.input.graph)]
    with stage("mst", job.log[0]) as run:
        if job.config["device"] == "cpu":
            hide_gpus()
        vectors, graph = read_vectors(checked(inputs[0])), read_graph(checked(inputs[1]))
        settings = TreeSettings(exact=job.params.exact)
        with run.progress(0, "searches") as count:  # how many there will be is not known
            tree = spanning_tree(vectors, graph, settings, job.threads, count)
        provenance = Provenance("mst", job.params.version, dict(job.params.items()), inputs)
        provenance.facts.update(tree.facts())
        with (
            recording(Path(job.output.tree), provenance) as temporary,
            temporary.open("wb") as stream,
        ):
            np.save(stream, tree.edges)
        run.info("%s", tree.sentence())
        run.counts(len(vectors), "items")


if __name__ == "__main__":
    main(snakemake)
