"""Stage `scan`: folders into an inventory and the partitions' lists of content ids."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, record_if_changed, recording
from scripts.lib.embedding.precomputed import common_dimension, inventory_rows
from scripts.lib.files.hashes import hash_cache
from scripts.lib.files.scan import (
    Row,
    ScanSettings,
    check_roots,
    inventory_table,
    own_folders_inside,
    partition_lists,
    scan,
)
from scripts.lib.files.status import OK
from scripts.lib.run.stage import Stage, stage
from scripts.lib.run.triggers import input_tree


def rows_of(run: Stage, job: Any, side_file: Path) -> list[Row]:
    """Return the inventory of the images, or of the precomputed vectors."""
    config = job.config
    if config["model"] == "precomputed":
        source = Path(config["embeddings"]).expanduser()
        return inventory_rows(source, common_dimension(source))
    tree = input_tree(config)
    check_roots(tree, config["allow_shrink"])
    for folder in own_folders_inside(tree):
        run.tell(f"{folder} lies inside the images and is left out")
    settings = ScanSettings(config["pixel_limit"], config["allow_shrink"], job.threads)
    with hash_cache(side_file, config["retry"]) as cache:
        return scan(tree, cache, settings, run.progress)


def main(job: Any) -> None:
    """Run the stage."""
    inventory = Path(job.output.inventory)
    with stage("scan", job.log[0]) as run:
        rows = rows_of(run, job, inventory.parent / "hashes.sqlite")
        provenance = Provenance("scan", job.params.version, dict(job.params.items()))
        for path, content in zip(job.output.lists, partition_lists(rows, job.params.partitions), strict=True):
            record_if_changed(Path(path), content, Provenance("scan", job.params.version))
        provenance.facts.update(files=len(rows), ok=sum(row.status == OK for row in rows))
        with recording(inventory, provenance) as temporary:
            pq.write_table(inventory_table(rows), temporary)
        for former in Path(job.output.scanned).parent.glob("*"):
            former.unlink()
        run.info("%d files, %d of them usable", len(rows), provenance.facts["ok"])


if __name__ == "__main__":
    main(snakemake)
