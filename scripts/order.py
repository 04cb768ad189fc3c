"""Stage `order`: the path and the inventory into the table of files in order, for people and programs."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, record_path, recording
from scripts.lib.embedding.gather import Items, read_items, read_vectors
from scripts.lib.embedding.manifest import read_failures
from scripts.lib.files.exports import write_csv, write_list
from scripts.lib.files.order import order_table
from scripts.lib.files.rejected import rejected_table, summary
from scripts.lib.ordering.measure.quality import link_lengths
from scripts.lib.run.stage import Stage, stage

NAMES = ("path", "item_ids", "vectors", "inventory")


def ordered(job: Any, inventory: pa.Table, items: Items) -> pa.Table:
    """Return the table of files in order, or from its end."""
    path = np.load(job.input.path)
    links = link_lengths(read_vectors(Path(job.input.vectors)), path)
    if job.params.backwards:
        path, links = path[::-1], links[::-1]
    return order_table(inventory, items, path, links)


def write_rejected(run: Stage, file: Path, rejected: pa.Table, provenance: Provenance) -> None:
    """Write the files that are not in the order, and tell the user how many there are."""
    with recording(file, provenance) as temporary:
        write_csv(rejected, temporary)
    if len(rejected):
        run.tell(f"left out: {summary(rejected)}; each with its reason in {file}")


def write_exports(run: Stage, job: Any, table: pa.Table, provenance: Provenance) -> None:
    """Write the order as CSV and, where it is asked for, as a plain list."""
    with recording(Path(job.output.table), provenance) as temporary:
        write_csv(table, temporary)
    plain = Path(job.output.order).with_name("order.txt")
    if not job.output.get("list"):  # a former list would be of another order
        plain.unlink(missing_ok=True)
        record_path(plain).unlink(missing_ok=True)
        return
    with recording(plain, provenance) as temporary:
        broken = write_list(table["path_bytes"], temporary)
    if broken:
        run.tell(rf"{broken} names hold a line break, which is written as \n in {plain}")


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input[name]) for name in NAMES]
    with stage("order", job.log[0]) as run:
        for source in sources:
            checked(source)
        with run.progress(4, "steps") as count:
            inventory, items = pq.read_table(job.input.inventory), read_items(Path(job.input.item_ids))
            table = ordered(job, inventory, items)
            count(1, "joined")
            failures = read_failures([checked(Path(manifest)) for manifest in job.input.manifests])
            rejected = rejected_table(inventory, items.content_ids, failures)
            count(1, "looked for what is left out")
            settings = {"backwards": job.params.backwards}
            provenance = Provenance("order", job.params.version, settings, sources)
            provenance.facts.update(files=len(table), rejected=len(rejected), reasons=summary(rejected))
            write_rejected(run, Path(job.output.rejected), rejected, provenance)
            write_exports(run, job, table, provenance)
            count(1, "wrote the table")
            with recording(Path(job.output.order), provenance) as temporary:
                pq.write_table(table, temporary)
            count(1)
        run.info("%d files in order, %d left out", len(table), len(rejected))
        run.counts(len(table), "files")


if __name__ == "__main__":
    main(snakemake)
