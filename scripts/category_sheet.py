"""Stage `category_sheet`: each category with its images, as a table and as a picture."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.categories.category_groups import (
    Categorized,
    category_groups,
    category_table,
)
from scripts.lib.categories.taxonomy import read_categories
from scripts.lib.files.exports import write_csv
from scripts.lib.files.first_files import FirstFiles
from scripts.lib.pictures.category_sheet import ROWS, draw_category_sheet
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input.categories), Path(job.input.order)]
    with stage("category_sheet", job.log[0]) as run:
        table, order = (pq.read_table(checked(source)) for source in sources)
        taxonomy = read_categories(job.params.categories)
        found = Categorized.of(table, len(taxonomy.leaves), job.params.several)
        fitting = table["categories"].combine_chunks()
        groups = list(category_groups(found, taxonomy, job.params.prompts, fitting))
        files = FirstFiles(order, len(table))
        settings = dict(job.params.items())
        provenance = Provenance("category_sheet", job.params.version, settings, sources)
        provenance.facts.update(groups=len(groups))
        with recording(Path(job.output.table), provenance) as temporary:
            write_csv(category_table(groups, files), temporary)
        with (
            recording(Path(job.output.sheet), provenance) as temporary,
            run.progress(min(len(groups), ROWS), "categories") as count,
        ):
            draw_category_sheet(groups, files, temporary, count)
        run.info("%d categories, groups and bins", len(groups))
        run.tell(f"what is in the categories: {job.output.sheet}")


if __name__ == "__main__":
    main(snakemake)
