"""Stage `image_hashes`: what is needed to see whether two images show the same, of each content."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.duplicates.image_hashes import (
    hash_images,
    hashed_table,
    image_contents,
    sketch_store,
    worker_settings,
    write_sketches,
)
from scripts.lib.embedding.embed import PartSettings
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.merging import merge_many
from scripts.lib.embedding.upkeep.occupancy import occupying
from scripts.lib.files.content_ids import positions_in
from scripts.lib.files.holders import holders_of
from scripts.lib.run.stage import Stage, stage


def hash_missing(run: Stage, job: Any, store: Store, wanted: Any) -> list[Failed]:
    """Hash the contents that the store does not have; say how many can't be."""
    config, missing = job.config, store.places().without(wanted)
    run.info("%d images, %d of them hashed before", len(wanted), len(wanted) - len(missing))
    if not len(missing):
        return []
    store.check_writable()
    workers = worker_settings(job.params.pixel_limit, job.threads, config["decode_seconds"])
    parts = PartSettings(config["part_size"], min(30, config["part_seconds"]))
    with run.progress(len(missing), "images") as count:
        failures = hash_images(
            missing, holders_of(Path(job.input.inventory), missing), store, workers, parts, count
        )
    for failure in failures:
        run.info("has no hash: %s", failure.error)
    if failures:
        run.tell(
            f"{len(failures)} images can't be decoded, and are compared by their bytes and vectors alone"
        )
    return failures


def main(job: Any) -> None:
    """Run the stage."""
    lists = [Path(path) for path in job.input.ids]
    folder = Path(job.output.sketches).parent / "image_hashes"
    with stage("image_hashes", job.log[0]) as run, occupying(folder, run.tell) as occupant:
        store = sketch_store(folder)
        wanted = image_contents(Path(job.input.inventory))
        failures = hash_missing(run, job, store, wanted)
        merge_many(store, occupant, job.config["part_size"], run.info)
        places = store.places()
        places = places.select(positions_in(wanted, places.ids) >= 0)
        sources = [checked(path) for path in lists]
        provenance = Provenance("image_hashes", job.params.version, inputs=sources)
        provenance.facts.update(images=len(wanted), hashed=len(places))
        with recording(Path(job.output.table), provenance) as temporary:
            pq.write_table(hashed_table(places.ids, failures), temporary)
        with recording(Path(job.output.sketches), provenance) as temporary:
            write_sketches(places, store, temporary)


if __name__ == "__main__":
    main(snakemake)
