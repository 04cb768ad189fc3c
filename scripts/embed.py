"""Stage `embed`: one partition's contents into the store, and a manifest of where they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.batches import BatchSize
from scripts.lib.embedding.embed import Embedded, PartSettings, embed_images, store_all
from scripts.lib.embedding.manifest import Failed, manifest_table
from scripts.lib.embedding.models.card import ModelCard, read_card
from scripts.lib.embedding.models.registry import open_model
from scripts.lib.embedding.places import NOWHERE, joined
from scripts.lib.embedding.pool import WorkerPool
from scripts.lib.embedding.precomputed import embed_precomputed
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.merging import merge_many
from scripts.lib.embedding.upkeep.occupancy import Occupant, occupying
from scripts.lib.embedding.upkeep.presence import check_present, place_of
from scripts.lib.embedding.upkeep.users import note_use
from scripts.lib.embedding.workers import Request, WorkerSettings
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes, read_ids
from scripts.lib.files.holders import holders_of
from scripts.lib.files.paths import readable
from scripts.lib.files.status import READING
from scripts.lib.run.stage import Stage, stage
from scripts.lib.run.triggers import remember_failures, retry_path


def store_folder(job: Any) -> Path:
    """Return the folder of the store."""
    return Path(job.params.store).expanduser()


def embedded(card: ModelCard, missing: np.ndarray, job: Any, size: BatchSize) -> Iterator[Embedded | Failed]:
    """Yield the vectors of what the store has not, by the configured model."""
    config = job.config
    if card.name == "precomputed":
        yield from embed_precomputed(Path(config["embeddings"]).expanduser(), card.dimension, missing)
        return
    with WorkerPool(job.threads) as pool:  # starts while the model is loaded
        holders = holders_of(checked(Path(job.input.inventory)), missing)
        model = open_model(card, config["device"], job.threads)
        workers = WorkerSettings(
            model.prepare(),
            model.target,
            config["pixel_limit"],
            job.threads,
            config["decode_seconds"],
            card.video_frames,
        )
        requests = (Request(content, holders[row]) for row, content in enumerate(id_bytes(missing)))
        yield from embed_images(requests, model, workers, size, pool)


def report(run: Stage, job: Any, failures: dict[bytes, Failed]) -> list[bytes]:
    """Log what could not be embedded; return the files that could not even be read."""
    contents = sorted(failures)
    unread = []
    holders = holders_of(checked(Path(job.input.inventory)), np.array(contents, ID_DTYPE))
    for row, content in enumerate(contents):
        run.info("not embedded: %s, %s", failures[content].error, ", ".join(map(readable, holders[row])))
        unread += holders[row] if failures[content].status in READING else []
    return unread


def run_partition(run: Stage, job: Any, card: ModelCard, occupant: Occupant) -> None:
    """Embed what is missing and write the manifest."""
    ids = read_ids(checked(Path(job.input.ids)))
    store = Store(store_folder(job), card.fingerprint, card.dimension, card.dtype)
    note_use(store_folder(job), Path(job.output.manifest).parents[3], run.info)
    places, failures = NOWHERE if job.params.again else store.places(), {}
    missing = places.without(ids)
    size = BatchSize(job.config["batch_size"])
    run.info("%d contents, %d of them in the store", len(ids), len(ids) - len(missing))
    if len(missing):
        store.check_writable()
        parts = PartSettings(job.config["part_size"], job.config["part_seconds"])
        with run.progress(len(missing), "images") as count:
            stored, failures = store_all(embedded(card, missing, job, size), store, parts, count)
        merged = merge_many(store, occupant, parts.size, run.info)
        places = store.places() if merged else joined([places, stored])
        run.info("batches of %d", size.views)
    unread = report(run, job, failures) if failures else []
    manifest = Path(job.output.manifest)
    facts = {"contents": len(ids), "embedded_now": len(missing), "store": place_of(store.folder)}
    facts |= {"batch_size": size.views} if len(missing) else {}
    settings, inputs = {"fingerprint": card.fingerprint}, [Path(job.input.ids)]
    provenance = Provenance("embed", job.params.version, settings, inputs, facts)
    with recording(manifest, provenance) as temporary:
        pq.write_table(manifest_table(ids, places, failures), temporary)
    side_file = retry_path(manifest.parent.parent, job.wildcards.partition)
    remember_failures(side_file, job.params.retry, len(failures), unread)


def main(job: Any) -> None:
    """Run the stage."""
    with stage("embed", job.log[0]) as run:
        card, manifest = read_card(checked(Path(job.input.model))), Path(job.output.manifest)
        folder, used = store_folder(job) / card.fingerprint, [] if job.params.again else [manifest]
        check_present(folder, manifest.parents[3], used)
        with occupying(store_folder(job), run.tell) as occupant:
            run_partition(run, job, card, occupant)


if __name__ == "__main__":
    main(snakemake)
