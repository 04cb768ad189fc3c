"""Stage `plan`: the order into what each file is to be called and to be in the output; touches nothing."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import Provenance, checked
from scripts.lib.output.draft import (
    Listed,
    PlanFiles,
    PlanSettings,
    draft_in_order,
    naming_in,
    write_plan,
)
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.moved import moves_of
from scripts.lib.output.plan_summary import sentences
from scripts.lib.run.stage import stage

INPUTS = ("order", "duplicates")


def main(job: Any) -> None:
    """Run the stage."""
    params, config = job.params, job.config
    with stage("plan", job.log[0]) as run:
        output, other = (Path(each).expanduser() for each in (params.output, params.other))
        order, *tables = [checked(Path(job.input[name])) for name in INPUTS if job.input.get(name)]
        moves = moves_of(output, other, config["name"], params.mode)
        naming = naming_in(output, params.template, params.per_folder, params.portable)
        duplicates = Duplicates.read(params.duplicates, next(iter(tables), None))
        draft = draft_in_order(Listed(order, config["model"] != "precomputed", moves), naming, duplicates)
        provenance = Provenance("plan", params.version, dict(params.items()), [order, *tables])
        settings = PlanSettings(output, params.mode, params.fallback, job.threads)
        files = PlanFiles(*(Path(job.output[name]) for name in PlanFiles._fields))
        facts = write_plan(draft, settings, files, provenance)
        for former in Path(job.output.planned).parent.glob("*"):
            former.unlink()
        for sentence in sentences(facts):
            run.tell(sentence)


if __name__ == "__main__":
    main(snakemake)
