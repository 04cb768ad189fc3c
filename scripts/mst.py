"""Stage `mst`: the neighbour graph into its minimum spanning tree."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.ordering.knn import read_graph
from scripts.lib.ordering.mst import minimum_spanning_tree
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    inputs = [Path(job.input.vectors), Path(job.input.graph)]
    with stage("mst", job.log[0]) as run:
        vectors, graph = read_vectors(checked(inputs[0])), read_graph(checked(inputs[1]))
        tree = minimum_spanning_tree(vectors, graph)
        weight, longest = (
            float(tree["distance"].sum(dtype=float)),
            float(tree["distance"].max(initial=0)),
        )
        provenance = Provenance("mst", job.params.version, inputs=inputs)
        provenance.facts.update(n=len(graph.indices), weight=weight, longest_edge=longest)
        with (
            recording(Path(job.output.tree), provenance) as temporary,
            temporary.open("wb") as stream,
        ):
            np.save(stream, tree)
        run.info("%d edges, weight %.6g, longest %.6g", len(tree), weight, longest)


if __name__ == "__main__":
    main(snakemake)
