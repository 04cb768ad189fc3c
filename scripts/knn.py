"""Stage `knn`: vectors into the graph of their nearest neighbours; of a kept order only the new ones.

Where the search is shared among jobs, it is here that their parts are joined.
"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import first_ids, read_items, read_vectors
from scripts.lib.ordering.graph.candidates import Proposer, stream
from scripts.lib.ordering.graph.graph_update import change_of_rows, extended, updated_graph
from scripts.lib.ordering.graph.kept_graph import KeptGraph, read_kept_graph, write_kept_graph
from scripts.lib.ordering.graph.kept_index import KeptIndex, read_kept_index, write_kept_index
from scripts.lib.ordering.graph.knn import KnnSettings, knn_settings, nearest_neighbors
from scripts.lib.ordering.graph.knn_index import UPDATE, read_card
from scripts.lib.ordering.graph.knn_search import joined
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.run.processes import hide_gpus
from scripts.lib.run.stage import Stage, stage


def settings_of(job: Any) -> KnnSettings:
    """Return how to search."""
    return knn_settings(job.params.k, job.params.recall, job.params.memory, job.params.seed)


def search_new(job: Any, vectors: np.ndarray, ids: np.ndarray, kept: Path) -> NeighborGraph | None:
    """Bring the last graph up to date, or return None where everything is to be searched."""
    former = read_kept_graph(kept / "graph.npz")
    if former is None:
        return None
    change, settings = change_of_rows(former.ids, ids), settings_of(job)
    index = read_kept_index(kept / "index.npz")
    if index is None:  # the vectors were few enough to be searched as they are
        propose = partial(stream, vectors, width=2 * settings.k)
    else:
        propose = extended(index.proposer, change_of_rows(index.ids, ids), vectors)
    return updated_graph(former.graph, change, vectors, propose, settings, job.threads)


def search_all(run: Stage, job: Any, vectors: np.ndarray, ids: np.ndarray, kept: Path) -> NeighborGraph:
    """Search for the neighbours of every vector, and keep the index for later runs."""

    def save(proposer: Proposer) -> None:
        write_kept_index(kept / "index.npz", KeptIndex(proposer, ids))

    (kept / "index.npz").unlink(missing_ok=True)
    with run.progress(len(vectors), "items") as count:
        return nearest_neighbors(vectors, settings_of(job), job.threads, count, save)


def found_by_parts(job: Any) -> NeighborGraph | None:
    """Join what the jobs that share the search have found; None where they searched nothing."""
    if not job.input.get("parts"):
        return None
    card = read_card(checked(Path(job.input.card)))
    if card.kind == UPDATE:
        return None
    return joined([checked(Path(part)) for part in job.input.parts])


def main(job: Any) -> None:
    """Run the stage; what a later run can use of it is written last."""
    inputs = [Path(job.input.vectors), Path(job.input.item_ids)]
    with stage("knn", job.log[0]) as run:
        if job.config["device"] == "cpu":
            hide_gpus()
        vectors, ids = read_vectors(checked(inputs[0])), first_ids(read_items(checked(inputs[1])))
        kept = Path(job.output.graph).parent / "kept"
        graph = found_by_parts(job)
        if graph is None and job.params.keep:
            graph = search_new(job, vectors, ids, kept)
        if graph is None:
            graph = search_all(run, job, vectors, ids, kept)
        provenance = Provenance("knn", job.params.version, dict(job.params.items()), inputs)
        provenance.facts.update(
            n=len(vectors), k=graph.indices.shape[1], recall=graph.recall, method=graph.method
        )
        with (
            recording(Path(job.output.graph), provenance) as temporary,
            temporary.open("wb") as file,
        ):
            np.savez(file, **graph._asdict())
        write_kept_graph(kept / "graph.npz", KeptGraph(graph, ids))
        run.info("%s, recall %.4f", graph.method, graph.recall)
        run.counts(len(vectors), "items")


if __name__ == "__main__":
    main(snakemake)
