"""Stage `scan`: folders, lists and tars into an inventory and the partitions' lists of content ids."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import clear_marks
from scripts.lib.artifacts.record import Provenance, record_if_changed, recording
from scripts.lib.embedding import precomputed
from scripts.lib.files.brakes import check_roots, own_folders_inside
from scripts.lib.files.hashes import hash_cache
from scripts.lib.files.scan import (
    ScanSettings,
    inventory_table,
    partition_lists,
    scan,
)
from scripts.lib.files.status import OK
from scripts.lib.run.stage import Stage, stage
from scripts.lib.run.triggers import input_tree


def inventory_of(run: Stage, job: Any, side_file: Path) -> pa.Table:
    """Return the inventory of the images, or of the precomputed vectors."""
    config = job.config
    if config["model"] == "precomputed":
        return precomputed.inventory(Path(config["embeddings"]).expanduser())
    tree = input_tree(config)
    check_roots(tree, config["allow_shrink"])
    for folder in own_folders_inside(tree):
        run.tell(f"{folder} lies inside the images and is left out")
    settings = ScanSettings(
        config["pixel_limit"], config["allow_shrink"], job.threads, config["decode_seconds"]
    )
    with hash_cache(side_file, config["retry"]) as cache:
        return inventory_table(scan(tree, cache, settings, run.progress))


def main(job: Any) -> None:
    """Run the stage."""
    target, partitions = Path(job.output.inventory), job.params.partitions
    with stage("scan", job.log[0]) as run:
        inventory = inventory_of(run, job, target.parent / "hashes.sqlite")
        provenance = Provenance("scan", job.params.version, dict(job.params.items()))
        for path, content in zip(job.output.lists, partition_lists(inventory, partitions), strict=True):
            record_if_changed(Path(path), content, Provenance("scan", job.params.version))
        usable = pc.sum(pc.equal(inventory["status"], OK)).as_py() or 0
        provenance.facts.update(files=len(inventory), ok=usable)
        with recording(target, provenance) as temporary:
            pq.write_table(inventory, temporary)
        clear_marks(Path(job.output.scanned))
        run.info("%d files, %d of them usable", len(inventory), usable)


if __name__ == "__main__":
    main(snakemake)
