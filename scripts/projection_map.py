"""Stage `projection_map`: the map in two dimensions as a picture, with the images in it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.files.first_files import FirstFiles
from scripts.lib.pictures.projection_map import draw_map, plan_map
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    sources = [Path(job.input.projection), Path(job.input.order)]
    with stage("projection_map", job.log[0]) as run:
        for source in sources:
            checked(source)
        table = pq.read_table(sources[0], columns=["u", "v"])
        plan = plan_map(np.column_stack([table["u"].to_numpy(), table["v"].to_numpy()]))
        order = pq.read_table(sources[1], columns=["item", "path_bytes"])
        files, shown = FirstFiles(order, len(table)), len(plan.tiles.items)
        title = read_record(sources[0]).facts["method"]
        with run.progress(shown, "images drawn") as count:
            page = draw_map(plan, files.file, title, job.threads, count)
        facts = {"n": len(table), "shown": shown}
        provenance = Provenance("projection_map", job.params.version, {}, sources, facts)
        with recording(Path(job.output.picture), provenance) as temporary:
            page.save(temporary, "PNG")
        run.tell(f"the map by {title}: {job.output.picture}")


if __name__ == "__main__":
    main(snakemake)
