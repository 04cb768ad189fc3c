"""Stage `copy`: the order into numbered copies in the output folder."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.files.copied import check_sources, copied_table, wanted_files
from scripts.lib.files.copy import CopySettings, CopySummary, copy_in_order
from scripts.lib.files.paths import readable
from scripts.lib.run.stage import Stage, stage


def tell(run: Stage, summary: CopySummary, output: str) -> None:
    """Tell the user what was done and where it is."""
    failed = [each for each in summary.files if each.status == "failed"]
    for each in failed[:10]:
        run.tell(f"not copied: {readable(each.source)} ({each.error})")
    for aside in summary.set_aside[:10]:
        run.tell(f"set aside as {readable(aside.moved_to)}: {aside.reason}")
    if len(failed) + len(summary.set_aside) > 20:
        run.tell("and more; see copied.parquet and the ledger in the output folder")
    if summary.foreign:
        run.tell(f"{len(summary.foreign)} files in {output} are not ours and were left as they are")
    run.tell(f"{len(summary.files) - len(failed)} images in visual order are in {output}")


def main(job: Any) -> None:
    """Run the stage."""
    order, config = Path(job.input.order), job.config
    with stage("copy", job.log[0]) as run:
        summary = CopySummary([], [], [], [])
        checked(order)
        if job.params.mode == "none":
            run.tell(f"copy_mode is none; the order is in {order}")
        else:
            wanted = wanted_files(order, hashed=config["model"] != "precomputed")
            check_sources(wanted, config["allow_shrink"])
            output = Path(job.params.output).expanduser()
            doubted = Path(f"{job.output.copied}.damaged")  # set aside by verify
            settings = CopySettings(output, config["name"], job.threads, check_contents=doubted.exists())
            with run.progress(len(wanted), "files") as count:
                summary = copy_in_order(wanted, settings, count)
            doubted.unlink(missing_ok=True)
            tell(run, summary, job.params.output)
        provenance = Provenance("copy", job.params.version, dict(job.params.items()), [order])
        with recording(Path(job.output.copied), provenance) as temporary:
            pq.write_table(copied_table(summary), temporary)


if __name__ == "__main__":
    main(snakemake)
