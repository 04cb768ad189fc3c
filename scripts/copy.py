"""Stage `copy`: the plan carried out in the output folder."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import Provenance, checked
from scripts.lib.output.carry_out import carry_out, settings_of, write_done
from scripts.lib.output.execute import CopySummary
from scripts.lib.output.moved import moves_of
from scripts.lib.run.stage import Stage, stage


def carried_out(run: Stage, job: Any) -> CopySummary:
    """Carry the plan out."""
    config, params = job.config, job.params
    settings = settings_of(config, params, job.threads)
    moves = moves_of(settings.output, Path(params.other).expanduser(), config["name"], params.mode)
    done = Path(job.output.copied)
    return carry_out(run, Path(job.input.plan), settings, moves, done, config["allow_shrink"])


def main(job: Any) -> None:
    """Run the stage."""
    with stage("copy", job.log[0]) as run:
        if job.params.mode == "none":
            order = checked(Path(job.input.order))
            run.tell(f"copy_mode is none; the order is in {order}")
            summary, source = CopySummary([], [], [], []), order
        else:
            summary, source = carried_out(run, job), Path(job.input.plan)
        provenance = Provenance("copy", job.params.version, dict(job.params.items()), [source])
        write_done(Path(job.output.copied), summary, provenance)


if __name__ == "__main__":
    main(snakemake)
