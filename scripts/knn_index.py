"""Stage `knn_index`: how the jobs that share the neighbour search are to search, and their index."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import first_ids, read_items, read_vectors
from scripts.lib.ordering.graph.graph_update import can_update, change_of_rows
from scripts.lib.ordering.graph.kept_graph import read_kept_graph
from scripts.lib.ordering.graph.kept_index import KeptIndex, write_kept_index
from scripts.lib.ordering.graph.knn import (
    index_search,
    is_exact,
    knn_settings,
    neighbors_wanted,
    refuse_nonfinite,
)
from scripts.lib.ordering.graph.knn_index import EXACT, UPDATE, SearchCard, card_of, card_text
from scripts.lib.run.processes import hide_gpus
from scripts.lib.run.stage import stage


def card(job: Any, vectors: np.ndarray, ids: np.ndarray, kept: Path) -> SearchCard:
    """Decide how to search; make and keep the index that this needs."""
    settings = knn_settings(job.params.k, job.params.recall, job.params.memory, job.params.seed)
    k, former = neighbors_wanted(len(vectors), settings), None
    if job.params.keep:
        former = read_kept_graph(kept / "graph.npz")
    if former and can_update(former.graph, change_of_rows(former.ids, ids), len(vectors), settings.k):
        return SearchCard(UPDATE, k)
    (kept / "index.npz").unlink(missing_ok=True)
    if k == 0 or is_exact(vectors, settings):
        return SearchCard(EXACT, k)
    search = index_search(vectors, settings)
    write_kept_index(kept / "index.npz", KeptIndex(search.proposer, ids))
    return card_of(search, k, kept / "index.npz")


def main(job: Any) -> None:
    """Run the stage."""
    inputs = [Path(job.input.vectors), Path(job.input.item_ids)]
    with stage("knn_index", job.log[0]) as run:
        if job.config["device"] == "cpu":
            hide_gpus()
        vectors, ids = read_vectors(checked(inputs[0])), first_ids(read_items(checked(inputs[1])))
        refuse_nonfinite(vectors)
        made = card(job, vectors, ids, Path(job.output.card).parents[1] / "kept")
        provenance = Provenance("knn_index", job.params.version, dict(job.params.items()), inputs)
        with recording(Path(job.output.card), provenance) as temporary:
            temporary.write_text(card_text(made), encoding="utf-8")
        run.info("%s: %s, recall %.4f", made.kind, made.method, made.recall)
        run.counts(len(vectors), "items")


if __name__ == "__main__":
    main(snakemake)
