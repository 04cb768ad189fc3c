"""Stage `plan`: the order into what each file is to be called and to be in the output; touches nothing."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.atomic import write_json
from scripts.lib.artifacts.record import Provenance, checked, recording
from scripts.lib.files.exports import write_csv
from scripts.lib.output.moved import moved_files
from scripts.lib.output.naming.file_systems import needs_portable_names
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.plan_summary import plan_summary, sentences
from scripts.lib.output.planned import plan_digest, plan_table, wanted_files
from scripts.lib.output.preview import name_limit, preview
from scripts.lib.output.targets import names_of, targets_of
from scripts.lib.run.stage import stage


def naming_of(params: Any, output: Path) -> Naming:
    """Return how copies are called."""
    portable = needs_portable_names(output) if params.portable == "auto" else params.portable
    return Naming(params.template, params.per_folder, portable, name_limit(output))


def main(job: Any) -> None:
    """Run the stage."""
    order, params = Path(job.input.order), job.params
    with stage("plan", job.log[0]) as run:
        output = Path(params.output).expanduser()
        hashed = job.config["model"] != "precomputed"
        wanted = wanted_files(checked(order), hashed, moved_files(output))
        names = names_of(wanted, naming_of(params, output))
        targets = targets_of(wanted, names)
        seen = preview(output, targets, params.mode, params.fallback, job.threads)
        facts = {"digest": plan_digest(targets, params.mode), **plan_summary(seen, names)}
        provenance = Provenance("plan", params.version, dict(params.items()), [order], facts)
        table = plan_table(targets, names, seen)
        with recording(Path(job.output.table), provenance) as temporary:
            write_csv(table, temporary)
        with recording(Path(job.output.summary), provenance) as temporary:
            write_json(temporary, facts)
        with recording(Path(job.output.plan), provenance) as temporary:
            pq.write_table(table, temporary)
        for sentence in sentences(facts):
            run.tell(sentence)


if __name__ == "__main__":
    main(snakemake)
