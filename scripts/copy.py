"""Stage `copy`: the plan carried out in the output folder."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.paths import readable
from scripts.lib.output.copied import check_sources, copied_table
from scripts.lib.output.copy import copy_in_order
from scripts.lib.output.execute import CopySettings, CopySummary
from scripts.lib.output.moved import moved_files
from scripts.lib.output.planned import plan_digest, read_targets, where_they_lie
from scripts.lib.output.targets import Target
from scripts.lib.run.session import is_forced
from scripts.lib.run.stage import Stage, stage

TOLD = 10


def tell(run: Stage, summary: CopySummary, output: str) -> None:
    """Tell the user what was done and where it is."""
    if summary.undone:
        run.tell(
            f"what this plan made in {output} was undone, so it is not made again; "
            "--forcerun copy does it, and so does another plan"
        )
        return
    failed = [each for each in summary.files if each.status == "failed"]
    for each in failed[:TOLD]:
        run.tell(f"not copied: {readable(each.source)} ({each.error})")
    for aside in summary.set_aside[:TOLD]:
        run.tell(f"set aside as {readable(aside.moved_to)}: {aside.reason}")
    if len(failed) > TOLD or len(summary.set_aside) > TOLD:
        run.tell("and more; see copied.parquet and the ledger in the output folder")
    if summary.stranded:
        run.tell(f"{len(summary.stranded)} moved files are no longer in the order, and stay where they are")
    if summary.foreign:
        run.tell(f"{len(summary.foreign)} files in {output} are not ours and were left as they are")
    run.tell(f"{len(summary.files) - len(failed)} images in visual order are in {output}")


def current_targets(plan: Path, mode: str) -> tuple[list[Target], str]:
    """Return what a plan says and its digest, which has to be that of its making."""
    targets = read_targets(checked(plan))
    recorded = read_record(plan)
    digest = plan_digest(targets, mode)
    if recorded.facts["digest"] != digest:
        raise DamagedArtifact(f"{plan} is not the plan that was made; --forcerun plan makes it anew.")
    return targets, digest


def carried_out(run: Stage, job: Any) -> CopySummary:
    """Carry the plan out."""
    config, params = job.config, job.params
    planned, digest = current_targets(Path(job.input.plan), params.mode)
    targets = where_they_lie(planned, moved_files(Path(params.output).expanduser()))
    check_sources([target.wanted for target in targets], config["allow_shrink"])
    doubted = Path(f"{job.output.copied}.damaged")  # set aside by verify
    forced = is_forced("copy")
    settings = CopySettings(
        Path(params.output).expanduser(),
        config["name"],
        params.mode,
        params.fallback,
        digest,
        forced,
        job.threads,
        check_contents=forced or doubted.exists(),
    )
    with run.progress(len(targets), "files") as count:
        summary = copy_in_order(targets, settings, count)
    doubted.unlink(missing_ok=True)
    tell(run, summary, params.output)
    return summary


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
        with recording(Path(job.output.copied), provenance) as temporary:
            pq.write_table(copied_table(summary), temporary)


if __name__ == "__main__":
    main(snakemake)
