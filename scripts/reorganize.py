"""Stage `reorganize`: images filed into folders, as planned."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.atomic import clear_marks
from scripts.lib.artifacts.record import Provenance, checked
from scripts.lib.output.carry_out import carry_out, write_done
from scripts.lib.output.execute import CopySummary
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    params, plan, done = job.params, Path(job.input.plan), Path(job.output.reorganized)
    with stage("reorganize", job.log[0]) as run:
        if params.mode == "none":
            run.tell(f"copy_mode is none; what would be where is in {checked(plan).with_suffix('.csv')}")
            summary = CopySummary([], [], [], [])
        else:
            summary = carry_out(run, plan, done, params, job.config, job.threads)
        write_done(done, summary, Provenance("reorganize", params.version, dict(params.items()), [plan]))
        clear_marks(Path(job.output.filed))


if __name__ == "__main__":
    main(snakemake)
