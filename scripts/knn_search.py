"""Stage `knn_search`: the nearest neighbours of one part of the rows, by the search that all parts share."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.ordering.graph.knn_index import UPDATE, SearchCard, opened, read_card
from scripts.lib.ordering.graph.knn_search import rows_of_part, search_rows
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.run.processes import hide_gpus
from scripts.lib.run.stage import Stage, stage


def part_of_graph(run: Stage, job: Any, vectors: np.ndarray, card: SearchCard) -> NeighborGraph:
    """Search for the neighbours of this part's rows."""
    shared = Path(job.input.card)
    rows = rows_of_part(len(vectors), int(job.wildcards.part), job.params.parts)
    if card.kind == UPDATE or card.k == 0:  # there is nothing to be searched here
        rows = rows[:0]
    indices, distances = np.empty((len(rows), card.k), np.int32), np.empty((len(rows), card.k), np.float32)
    with run.progress(len(rows), "items") as count:
        if len(rows):
            search = opened(card, shared, shared.parents[1] / "kept" / "index.npz", vectors)
            indices, distances = search_rows(vectors, search.proposer, card.k, rows, job.threads, count)
    return NeighborGraph(indices, distances, card.recall, card.method)


def main(job: Any) -> None:
    """Run the stage."""
    inputs = [Path(job.input.vectors), Path(job.input.card)]
    with stage("knn_search", job.log[0]) as run:
        if job.config["device"] == "cpu":
            hide_gpus()
        vectors, card = read_vectors(checked(inputs[0])), read_card(checked(inputs[1]))
        graph = part_of_graph(run, job, vectors, card)
        provenance = Provenance("knn_search", job.params.version, dict(job.params.items()), inputs)
        provenance.facts.update(rows=len(graph.indices))
        with recording(Path(job.output.part), provenance) as temporary, temporary.open("wb") as file:
            np.savez(file, **graph._asdict())


if __name__ == "__main__":
    main(snakemake)
