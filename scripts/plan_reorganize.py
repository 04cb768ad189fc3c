"""Stage `plan_reorganize`: what each file is to be called in which folder; touches nothing."""

from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import Provenance, checked
from scripts.lib.output.draft import Listed, PlanFiles, PlanSettings, naming_in, write_plan
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.moved import moves_of
from scripts.lib.output.plan_reorganize import Filing, draft_in_folders
from scripts.lib.output.plan_summary import sentences
from scripts.lib.run.stage import stage
from scripts.lib.run.triggers import roots_of

TABLES = ("clusters", "names", "categories", "labels", "duplicates")


def main(job: Any) -> None:
    """Run the stage."""
    params, config = job.params, job.config
    with stage("plan_reorganize", job.log[0]) as run:
        output, other = (Path(each).expanduser() for each in (params.output, params.other))
        order = checked(Path(job.input.order))
        tables = {name: checked(Path(job.input[name])) for name in TABLES if job.input.get(name)}
        listed = Listed(
            order,
            config["model"] != "precomputed",
            moves_of(output, other, config["name"], params.mode),
        )
        naming = naming_in(output, params.template, params.per_folder, params.portable)
        filing = Filing(params.folders, params.former, params.rename, params.depth, params.size)
        duplicates = Duplicates.read(params.duplicates, tables.get("duplicates"))
        draft = draft_in_folders(listed, naming, filing, tables, duplicates, roots_of(config) or [])
        settings = PlanSettings(output, params.mode, params.fallback, job.threads)
        files = PlanFiles(*(Path(job.output[name]) for name in PlanFiles._fields))
        provenance = Provenance(
            "plan_reorganize", params.version, dict(params.items()), [order, *tables.values()]
        )
        facts = write_plan(draft, settings, files, provenance)
        for former in Path(job.output.planned).parent.glob("*"):
            former.unlink()
        for sentence in sentences(facts):
            run.tell(sentence)


if __name__ == "__main__":
    main(snakemake)
