"""Stage `plan_reorganize`: what each file is to be called in which folder; touches nothing."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import Provenance, checked
from scripts.lib.output.draft import PlanFiles, listed_files, plan_settings, write_plan
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.plan_reorganize import Filing, draft_in_folders
from scripts.lib.run.stage import stage
from scripts.lib.run.triggers import roots_of

INPUTS = ("order", "clusters", "names", "categories", "labels", "duplicates")


def main(job: Any) -> None:
    """Run the stage."""
    params = job.params
    with stage("plan_reorganize", job.log[0]) as run:
        sources = {name: checked(Path(job.input[name])) for name in INPUTS if job.input.get(name)}
        settings = plan_settings(params, job.threads)
        listed = listed_files(sources["order"], settings, params.other, job.config)
        duplicates = Duplicates.read(params.duplicates, sources.get("duplicates"))
        filing = Filing(params.folders, params.former, params.rename, params.depth, params.size)
        roots = roots_of(job.config) or []
        draft = draft_in_folders(listed, settings.naming, filing, sources, duplicates, roots)
        files = PlanFiles(*(Path(job.output[name]) for name in PlanFiles._fields))
        inputs = list(sources.values())
        provenance = Provenance("plan_reorganize", params.version, dict(params.items()), inputs)
        write_plan(run, draft, settings, files, provenance)


if __name__ == "__main__":
    main(snakemake)
