"""Stage `thumbnails`: a small picture of each image and video, packed for viewers."""

from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.embed import PartSettings
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.upkeep.merging import merge_many
from scripts.lib.embedding.upkeep.occupancy import occupying
from scripts.lib.errors import DamagedArtifact, DiskError
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.files.holders import Holders, holders_of
from scripts.lib.files.paths import readable
from scripts.lib.files.status import READING
from scripts.lib.run.stage import Stage, stage
from scripts.lib.run.triggers import remember_failures
from scripts.lib.thumbnails.packed import write_packed
from scripts.lib.thumbnails.picture_parts import MOST, PictureParts
from scripts.lib.thumbnails.thumbnail import worker_settings
from scripts.lib.thumbnails.thumbnails import (
    make_pictures,
    pictured_contents,
    remove_former,
    thumbnail_table,
    tidy,
)
from scripts.lib.words import counted


def make_missing(
    run: Stage, job: Any, store: PictureParts, missing: np.ndarray, inventory: Path
) -> dict[bytes, Failed]:
    """Make the pictures that are missing, of contents (m,) S32; return what has none, and why."""
    config, parts = job.config, PartSettings(part_size(job), min(30, job.config["part_seconds"]))
    store.check_writable()
    workers = worker_settings(job.params.side, job.params.pixel_limit, job.threads, config["decode_seconds"])
    holders = holders_of(inventory, missing)
    with run.progress(len(missing), "images") as count:
        return make_pictures(missing, holders, store, workers, parts, count)


def part_size(job: Any) -> int:
    """Return how many pictures a part has at most."""
    return min(job.config["part_size"], MOST)


def report(run: Stage, failures: dict[bytes, Failed], holders: Holders) -> list[bytes]:
    """Name the contents without a picture, in the order of their ids; return the files not read."""
    unread = []
    for row, content in enumerate(sorted(failures)):
        _, status, error = failures[content]
        run.info("has no thumbnail: %s, %s", error, ", ".join(map(readable, holders[row])))
        unread += holders[row] if status in READING else []
    if failures:
        files = counted(len(failures), "image")
        run.tell(f"no thumbnail of {files}, which can't be read or decoded; the log says why")
    return unread


def main(job: Any) -> None:
    """Run the stage."""
    lists, target = [Path(path) for path in job.input.ids], Path(job.output.table)
    folder = target.parent / "thumbnails"
    with stage("thumbnails", job.log[0]) as run, occupying(folder, run.tell) as occupant:
        store = PictureParts(folder, job.params.side)
        sources = [checked(path) for path in lists]
        inventory = checked(Path(job.input.inventory))
        wanted = pictured_contents(inventory)
        missing = store.places().without(wanted)
        run.info("%d images and videos, %d of them have a thumbnail", len(wanted), len(wanted) - len(missing))
        failures = make_missing(run, job, store, missing, inventory) if len(missing) else {}
        holders = holders_of(inventory, np.array(sorted(failures), ID_DTYPE))
        unread = report(run, failures, holders)
        try:
            tidy(store, wanted, part_size(job))
        except (DamagedArtifact, DiskError) as error:
            run.info("pictures of images that are gone were not removed: %s", str(error))
        merge_many(store, occupant, part_size(job), run.info)
        table = thumbnail_table(wanted, store.places(), failures, store)
        provenance = Provenance("thumbnails", job.params.version, {"side": job.params.side}, sources)
        provenance.facts.update(
            images=len(wanted), made_now=len(missing) - len(failures), failed=len(failures)
        )
        with recording(target, provenance) as temporary:
            write_packed(table, temporary)
        remove_former(store)
        used = [name for name in table["part"].unique().to_pylist() if name]
        remember_failures(Path(job.params.side_file), job.params.retry, len(failures), unread, used)


if __name__ == "__main__":
    main(snakemake)
