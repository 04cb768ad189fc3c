"""Stage `collection`: what all stages tell of the images into one flat table."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import clear_marks
from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.files.collection import Known, collection_table
from scripts.lib.output.filing.groups import cluster_names
from scripts.lib.run.stage import stage

TABLES = ("clusters", "labels", "projection", "duplicates")


def read_known(sources: dict[str, Path]) -> Known:
    """Read what the stages tell."""
    tables = {name: pq.read_table(sources[name]) for name in TABLES}
    names, categories = cluster_names(sources["names"]), sources.get("categories")
    if categories is None:
        return Known(names=names, **tables)
    called = read_record(categories).facts["names"]
    return Known(names=names, categories=pq.read_table(categories), category_names=called, **tables)


def main(job: Any) -> None:
    """Run the stage."""
    with stage("collection", job.log[0]) as run:
        names = [name for name in ("order", "names", "categories", *TABLES) if job.input.get(name)]
        sources = {name: checked(Path(job.input[name])) for name in names}
        table = collection_table(pq.read_table(sources["order"]), read_known(sources))
        facts = {"files": len(table), "columns": table.column_names}
        provenance = Provenance("collection", job.params.version, {}, list(sources.values()), facts)
        with recording(Path(job.output.collection), provenance) as temporary:
            pq.write_table(table, temporary)
        run.counts(len(table), "files")
        clear_marks(Path(job.output.collected))
        run.tell(f"{len(table):,} images with {len(facts['columns'])} columns in {job.output.collection}")


if __name__ == "__main__":
    main(snakemake)
