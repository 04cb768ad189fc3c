"""Stage `gather`: the partitions' vectors into one matrix, and which contents have each of its rows."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording, set_aside
from scripts.lib.embedding.gather import gather, items_table, relocate
from scripts.lib.embedding.manifest import read_places
from scripts.lib.embedding.models.card import ModelCard, read_card
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.occupancy import occupying
from scripts.lib.embedding.upkeep.presence import check_present
from scripts.lib.errors import DamagedArtifact
from scripts.lib.run.stage import Stage, stage


def fill(run: Stage, job: Any, card: ModelCard, manifests: list[Path]) -> None:
    """Write the matrix, then the table of its rows."""
    store = Store(Path(job.params.store).expanduser(), card.fingerprint, card.dimension, card.dtype)
    places = relocate(read_places(manifests), store)
    provenance = Provenance("gather", job.params.version, {"fingerprint": card.fingerprint}, manifests)
    provenance.facts.update(contents=len(places), d=card.dimension, dtype=card.dtype)
    with recording(Path(job.output.item_ids), provenance) as table:
        with (
            recording(Path(job.output.vectors), provenance) as vectors,
            run.progress(len(places), "vectors") as count,
        ):
            items = gather(places, store, vectors, count)
            provenance.facts["n"] = int(items.rows.max(initial=-1)) + 1
        pq.write_table(items_table(items), table)
    run.info("%d distinct vectors of %d contents", provenance.facts["n"], len(places))


def main(job: Any) -> None:
    """Run the stage; when the store lost vectors, have the next run embed them again."""
    folder = Path(job.params.store).expanduser()
    with stage("gather", job.log[0]) as run:
        card = read_card(checked(Path(job.input.model)))
        manifests = [checked(Path(path)) for path in job.input.manifests]
        check_present(folder / card.fingerprint, Path(job.output.vectors).parents[2], manifests)
        with occupying(folder, run.tell):
            try:
                fill(run, job, card, manifests)
            except DamagedArtifact as error:
                for manifest in manifests:
                    set_aside(manifest, str(error))
                raise DamagedArtifact(
                    f"{error} The manifests were set aside; run the same command again, and what is "
                    "missing is embedded anew."
                ) from error


if __name__ == "__main__":
    main(snakemake)
