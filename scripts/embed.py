"""Stage `embed`: one partition's contents into the store, and a manifest of where they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.embed import (
    Embedded,
    PartSettings,
    divide,
    embed_images,
    holders_of,
    manifest_table,
    store_all,
)
from scripts.lib.embedding.models import ModelCard, open_model, read_card
from scripts.lib.embedding.precomputed import embed_precomputed
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.workers import Request, WorkerSettings
from scripts.lib.files.content_ids import id_bytes, read_ids
from scripts.lib.files.paths import readable
from scripts.lib.files.status import OK, READING
from scripts.lib.run.stage import Stage, stage
from scripts.lib.run.triggers import remember_failures, retry_path


def embedded(
    card: ModelCard, missing: list[bytes], holders: dict[bytes, list[bytes]], job: Any
) -> Iterator[Embedded]:
    """Yield the vectors of what the store has not, by the configured model."""
    config = job.config
    if card.name == "precomputed":
        return embed_precomputed(Path(config["embeddings"]).expanduser(), card.dimension, set(missing))
    model = open_model(card, config["device"], job.threads)
    workers = WorkerSettings(
        model.prepare(), model.target, config["pixel_limit"], job.threads, config["decode_seconds"]
    )
    requests = [Request(content, holders.get(content, [])) for content in missing]
    return embed_images(requests, model, workers, config["batch_size"])


def run_partition(run: Stage, job: Any) -> None:
    """Embed what is missing and write the manifest."""
    card = read_card(checked(Path(job.input.model)))
    ids = id_bytes(read_ids(checked(Path(job.input.ids))))
    store = Store(Path(job.params.store).expanduser(), card.fingerprint, card.dimension, card.dtype)
    outcomes, missing = divide(ids, {} if job.params.again else store.places())
    run.info("%d contents, %d of them in the store", len(ids), len(outcomes))
    holders = holders_of(checked(Path(job.input.inventory)), missing) if missing else {}
    if missing:
        parts = PartSettings(job.config["part_size"], job.config["part_seconds"])
        with run.progress(len(missing), "images") as count:
            outcomes |= store_all(embedded(card, missing, holders, job), store, parts, count)
    failed = [outcomes[i] for i in ids if outcomes[i].status != OK]
    for each in failed:
        run.info("not embedded: %s, %s", each.error, ", ".join(map(readable, holders[each.content_id])))
    manifest = Path(job.output.manifest)
    provenance = Provenance(
        "embed", job.params.version, {"fingerprint": card.fingerprint}, [Path(job.input.ids)]
    )
    provenance.facts.update(contents=len(ids), embedded_now=len(missing))
    with recording(manifest, provenance) as temporary:
        pq.write_table(manifest_table(ids, outcomes), temporary)
    unread = [path for each in failed if each.status in READING for path in holders[each.content_id]]
    side_file = retry_path(manifest.parent.parent, job.wildcards.partition)
    remember_failures(side_file, job.params.retry, len(failed), unread)


def main(job: Any) -> None:
    """Run the stage."""
    with stage("embed", job.log[0]) as run:
        run_partition(run, job)


if __name__ == "__main__":
    main(snakemake)
