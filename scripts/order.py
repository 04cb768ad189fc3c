"""Stage `order`: the path and the inventory into the table of files in order."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.embedding.gather import read_vectors
from scripts.lib.files.content_ids import read_ids
from scripts.lib.files.order import (
    REJECTED_COLUMNS,
    harmless,
    order_table,
    read_reasons,
    rejected_rows,
)
from scripts.lib.ordering.quality import link_lengths
from scripts.lib.run.stage import Stage, stage


def write_rejected(run: Stage, path: Path, rows: list[tuple[str, ...]], provenance: Provenance) -> None:
    """Write the files that are not in the order, and tell the user how many there are."""
    with (
        recording(path, provenance) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as stream,
    ):
        table = csv.writer(stream)
        table.writerow(REJECTED_COLUMNS)
        table.writerows(tuple(harmless(cell) for cell in row) for row in rows)
    counts = Counter(f"{kind} {status}" for _, kind, status, _ in rows)
    if counts:
        summary = ", ".join(f"{number} x {what}" for what, number in sorted(counts.items()))
        run.tell(f"left out: {summary}; each with its reason in {path}")


def main(job: Any) -> None:
    """Run the stage."""
    names = ("path", "item_ids", "vectors", "inventory")
    sources = {name: Path(job.input[name]) for name in names}
    with stage("order", job.log[0]) as run:
        for source in sources.values():
            checked(source)
        inventory = pq.read_table(sources["inventory"])
        path = np.load(sources["path"])
        links = link_lengths(read_vectors(sources["vectors"]), path)
        table = order_table(inventory, read_ids(sources["item_ids"]), path, links)
        reasons = read_reasons([checked(Path(manifest)) for manifest in job.input.manifests])
        rejected = rejected_rows(inventory, reasons)
        provenance = Provenance("order", job.params.version, inputs=list(sources.values()))
        provenance.facts.update(files=len(table), rejected=len(rejected))
        write_rejected(run, Path(job.output.rejected), rejected, provenance)
        with recording(Path(job.output.order), provenance) as temporary:
            pq.write_table(table, temporary)
        run.info("%d files in order, %d left out", len(table), len(rejected))


if __name__ == "__main__":
    main(snakemake)
