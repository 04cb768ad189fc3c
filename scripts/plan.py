"""Stage `plan`: the order into what each file is to be called and to be in the output; touches nothing."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import Provenance, checked
from scripts.lib.output.draft import PlanFiles, draft_in_order, listed_files, plan_settings, write_plan
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.run.stage import stage

INPUTS = ("order", "duplicates")


def main(job: Any) -> None:
    """Run the stage."""
    params = job.params
    with stage("plan", job.log[0]) as run:
        sources = {name: checked(Path(job.input[name])) for name in INPUTS if job.input.get(name)}
        settings = plan_settings(params, job.threads)
        listed = listed_files(sources["order"], settings, params.other, job.config)
        duplicates = Duplicates.read(params.duplicates, sources.get("duplicates"))
        draft = draft_in_order(listed, settings.naming, duplicates)
        files = PlanFiles(*(Path(job.output[name]) for name in PlanFiles._fields))
        provenance = Provenance("plan", params.version, dict(params.items()), list(sources.values()))
        write_plan(run, draft, settings, files, provenance)


if __name__ == "__main__":
    main(snakemake)
