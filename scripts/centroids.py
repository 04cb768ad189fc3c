"""Stage `centroids`: the centroid of each cluster as the picture that a trained network makes of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.embedding.models.autoencoder import AutoencoderModel
from scripts.lib.embedding.models.card import read_card
from scripts.lib.embedding.models.registry import open_model
from scripts.lib.embedding.training.centroids import decoded_centroids
from scripts.lib.errors import InputError
from scripts.lib.pictures.training.centroid_sheet import draw_centroids
from scripts.lib.run.stage import stage


def network(job: Any) -> AutoencoderModel:
    """Return the network that made the vectors; it must have a decoder."""
    card = read_card(checked(Path(job.input.model)))
    model = open_model(card, "cpu", job.threads)
    if not isinstance(model, AutoencoderModel):
        raise InputError(f"The model {card.name} can't decode vectors; of those there are, autoencoder can.")
    return model


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input[name]) for name in ("vectors", "clusters", "table")]
    with stage("centroids", job.log[0]) as run:
        vectors, clusters, table = (checked(source) for source in sources)
        numbers, table = pq.read_table(clusters)["cluster"].to_numpy(), pq.read_table(table)
        squares = decoded_centroids(read_vectors(vectors), numbers, table, network(job))
        provenance = Provenance("centroids", job.params.version, {}, sources, {"clusters": len(squares)})
        with recording(Path(job.output.sheet), provenance) as temporary:
            draw_centroids(table.to_pylist(), squares, temporary)
        with recording(Path(job.output.centroids), provenance) as temporary, temporary.open("wb") as stream:
            np.save(stream, squares)
        run.tell(f"what the clusters have in common: {job.output.sheet}")


if __name__ == "__main__":
    main(snakemake)
