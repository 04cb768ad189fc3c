"""Put back what was done in the output folder, and mark its ledger, so that it is not done again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import record_path
from scripts.lib.errors import OutputError
from scripts.lib.files.paths import readable
from scripts.lib.output.undo import UndoSummary, undo
from scripts.lib.run.stage import Stage, stage
from scripts.lib.run.triggers import input_tree

TOLD = 20


def tell(run: Stage, summary: UndoSummary, output: Path) -> None:
    """Tell the user what was undone; raise OutputError if something was not."""
    done = f"{len(summary.removed):,} files removed, {len(summary.returned):,} moved back"
    run.tell(f"{output}: {done}")
    if summary.set_aside:
        run.tell(f"{len(summary.set_aside):,} files that were set aside stay in {output / '.removed'}")
    run.tell("a plain run does not copy this plan again; --forcerun copy does")
    for name, reason in summary.refused:
        run.info("stays: %s (%s)", readable(name), reason)
    if summary.refused:
        listed = "; ".join(f"{readable(name)} ({reason})" for name, reason in summary.refused[:TOLD])
        more = f"; and {len(summary.refused) - TOLD:,} more" if len(summary.refused) > TOLD else ""
        raise OutputError(
            f"{len(summary.refused):,} files in {str(output)!r} stay as they are: {listed}{more}. Put them "
            "right and undo again, or leave them: they are yours now."
        )


def roots_of(config: Mapping[str, Any]) -> list[bytes] | None:
    """Return the folders that images are moved out of; None if that says the file with the vectors."""
    return None if config["model"] == "precomputed" else input_tree(config).roots


def main(job: Any) -> None:
    """Run the stage."""
    output, copied = Path(job.params.output).expanduser(), Path(job.params.copied)
    with stage("undo", job.log[0]) as run:
        with run.progress(0, "files") as count:
            summary = undo(output, job.config["name"], job.threads, count, roots_of(job.config))
        for file in (copied, record_path(copied)):
            file.unlink(missing_ok=True)
        tell(run, summary, output)


if __name__ == "__main__":
    main(snakemake)
