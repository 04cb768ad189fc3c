"""Stage `cluster_sheets`: a contact sheet of each cluster, and one page of all."""

import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import temporary_path
from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.pictures.clusters.cluster_sheets import draw_sheets, images_of_clusters
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input[name]) for name in ("clusters", "order", "table")]
    with stage("cluster_sheets", job.log[0]) as run:
        numbers, order, table = (pq.read_table(checked(source)) for source in sources)
        shown = images_of_clusters(order, numbers["cluster"].to_numpy(), table)
        folder = Path(job.output.sheets)
        unfinished = temporary_path(folder)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        provenance = Provenance("cluster_sheets", job.params.version, {}, sources, {"sheets": len(shown)})
        with (
            recording(Path(job.output.page), provenance) as page,
            run.progress(len(shown), "sheets") as count,
        ):
            draw_sheets(shown, unfinished, page, job.threads, count)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(unfinished, folder)
        run.tell(f"what is in the clusters: {job.output.page}, and {folder}")


if __name__ == "__main__":
    main(snakemake)
