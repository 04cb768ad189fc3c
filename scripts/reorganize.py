"""Stage `reorganize`: images filed into folders, as planned."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import Provenance, checked
from scripts.lib.output.carry_out import carry_out, settings_of, write_done
from scripts.lib.output.execute import CopySummary
from scripts.lib.output.moved import moves_of
from scripts.lib.run.stage import stage


def main(job: Any) -> None:
    """Run the stage."""
    config, params = job.config, job.params
    plan, done = Path(job.input.plan), Path(job.output.reorganized)
    with stage("reorganize", job.log[0]) as run:
        if params.mode == "none":
            run.tell(f"copy_mode is none; what would be where is in {checked(plan).with_suffix('.csv')}")
            summary = CopySummary([], [], [], [])
        else:
            settings = settings_of(config, params, job.threads)
            other = Path(params.other).expanduser()
            moves = moves_of(settings.output, other, config["name"], params.mode)
            summary = carry_out(run, plan, settings, moves, done, config["allow_shrink"])
        provenance = Provenance("reorganize", params.version, dict(params.items()), [plan])
        write_done(done, summary, provenance)
        for former in Path(job.output.filed).parent.glob("*"):
            former.unlink()


if __name__ == "__main__":
    main(snakemake)
