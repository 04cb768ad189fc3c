"""Stage `copy`: the plan carried out in the output folder."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import Provenance, checked
from scripts.lib.output.carry_out import carry_out, write_done
from scripts.lib.output.execute import CopySummary
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    params, done = job.params, Path(job.output.copied)
    with stage("copy", job.log[0]) as run:
        if params.mode == "none":
            source = checked(Path(job.input.order))
            run.tell(f"copy_mode is none; the order is in {source}")
            summary = CopySummary([], [], [], [])
        else:
            source = Path(job.input.plan)
            summary = carry_out(run, source, done, params, job.config, job.threads)
        write_done(done, summary, Provenance("copy", params.version, dict(params.items()), [source]))


if __name__ == "__main__":
    main(snakemake)
