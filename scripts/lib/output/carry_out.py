"""A plan carried out, and what the user is told of it: all that `copy` and `reorganize` have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from scripts.lib.artifacts.record import Provenance, checked, read_record, recording
from scripts.lib.errors import DamagedArtifact
from scripts.lib.files.paths import readable
from scripts.lib.output.copied import check_sources, copied_table
from scripts.lib.output.copy import copy_in_order
from scripts.lib.output.execute import CopySettings, CopySummary
from scripts.lib.output.kinds import Mode
from scripts.lib.output.moved import check_folders, moves_of
from scripts.lib.output.planned import plan_digest, read_targets, where_they_lie
from scripts.lib.output.targets import Target
from scripts.lib.run.session import is_forced
from scripts.lib.run.stage import Stage

TOLD = 10
ARRANGED = {"copy": "in visual order", "reorganize": "in folders"}


def carry_out(
    run: Stage, plan: Path, done: Path, params: Mapping[str, Any], config: Mapping[str, Any], threads: int
) -> CopySummary:
    """Carry a plan out.

    done : the table of what was done; where `verify` has set it aside, every copy is looked at
    params : of the stage: `output`, `other` (the other output of the collection), `mode` and `fallback`

    Raises
    ------
    SeriatimError
        when the plan is not what was planned, most sources are gone, or the output can't be had.
    """
    output, other = (Path(params[name]).expanduser() for name in ("output", "other"))
    moves = moves_of(output, other, config["name"], params["mode"])
    check_folders(output, moves.here, config["allow_shrink"])
    planned, digest = current_targets(plan, params["mode"])
    targets = where_they_lie(planned, moves.here)
    check_sources([target.wanted for target in targets], config["allow_shrink"])
    doubted = Path(f"{done}.damaged")
    forced = is_forced(run.name)
    settings = CopySettings(
        output,
        config["name"],
        params["mode"],
        params["fallback"],
        digest,
        forced,
        threads,
        check_contents=forced or doubted.exists(),
    )
    with run.progress(len(targets), "files") as count:
        summary = copy_in_order(targets, settings, count)
    doubted.unlink(missing_ok=True)
    tell(run, summary, params["output"])
    return summary


def current_targets(plan: Path, mode: Mode) -> tuple[list[Target], str]:
    """Return what a plan says and its digest, which has to be that of its making."""
    targets = read_targets(checked(plan))
    recorded = read_record(plan)
    digest = plan_digest(targets, mode)
    if recorded.facts["digest"] != digest:
        raise DamagedArtifact(
            f"{plan} is not the plan that was made; --forcerun {recorded.stage} makes it anew."
        )
    return targets, digest


def tell(run: Stage, summary: CopySummary, output: str) -> None:
    """Tell the user what was done and where it is."""
    if summary.undone:
        run.tell(
            f"what this plan made in {output} was undone, so it is not made again; "
            f"--forcerun {run.name} does it, and so does another plan"
        )
        return
    failed = [each for each in summary.files if each.status == "failed"]
    for each in failed[:TOLD]:
        run.tell(f"not copied: {readable(each.source)} ({each.error})")
    for aside in summary.set_aside[:TOLD]:
        run.tell(f"set aside as {readable(aside.moved_to)}: {aside.reason}")
    if len(failed) > TOLD or len(summary.set_aside) > TOLD:
        run.tell("and more; see the table of what was done, and the ledger in the output folder")
    if summary.stranded:
        run.tell(f"{len(summary.stranded)} moved files are no longer in the order, and stay where they are")
    if summary.foreign:
        run.tell(f"{len(summary.foreign)} files in {output} are not ours and were left as they are")
    run.tell(f"{len(summary.files) - len(failed)} images {ARRANGED[run.name]} are in {output}")


def write_done(done: Path, summary: CopySummary, provenance: Provenance) -> None:
    """Write the table of what was done."""
    with recording(done, provenance) as temporary:
        pq.write_table(copied_table(summary), temporary)
