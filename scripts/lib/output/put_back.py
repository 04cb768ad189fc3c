"""An output folder undone, and what the user is told of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import record_path
from scripts.lib.errors import OutputError
from scripts.lib.files.listed import originals_named
from scripts.lib.files.paths import readable
from scripts.lib.output.moved import tells_of_moves
from scripts.lib.output.undo import UndoSummary, undo
from scripts.lib.output.whereabouts import whereabouts
from scripts.lib.run.stage import Stage
from scripts.lib.run.triggers import roots_of

TOLD = 20


def put_back(run: Stage, params: Mapping[str, Any], config: Mapping[str, Any], threads: int) -> None:
    """Put back what was done in an output folder, and forget the table of what was done.

    params : of the stage: `output`, `other` (the other output of the collection, into which sources may have
        been moved) and `done` (the table)

    Raises
    ------
    OutputError
        when files stay as they are, each for a reason.
    """
    output, other = (Path(params[key]).expanduser() for key in ("output", "other"))
    name, done = config["name"], Path(params["done"])
    with run.progress(0, "files") as count:
        roots = roots_of(config)
        listed = originals_named(roots or ()) if tells_of_moves(output) else ()
        summary = undo(output, name, threads, count, roots, whereabouts(other, name), listed)
    for file in (done, record_path(done)):
        file.unlink(missing_ok=True)
    tell(run, summary, output)


def tell(run: Stage, summary: UndoSummary, output: Path) -> None:
    """Tell the user what was undone; raise OutputError if something was not."""
    done = f"{len(summary.removed):,} files removed, {len(summary.returned):,} moved back"
    run.tell(f"{output}: {done}")
    if summary.set_aside:
        run.tell(f"{len(summary.set_aside):,} files that were set aside stay in {output / '.removed'}")
    again = run.name.removeprefix("undo_") if run.name != "undo" else "copy"
    run.tell(f"a plain run does not carry this plan out again; --forcerun {again} does")
    for name, reason in summary.refused:
        run.info("stays: %s (%s)", readable(name), reason)
    if summary.refused:
        listed = "; ".join(f"{readable(name)} ({reason})" for name, reason in summary.refused[:TOLD])
        more = f"; and {len(summary.refused) - TOLD:,} more" if len(summary.refused) > TOLD else ""
        raise OutputError(
            f"{len(summary.refused):,} files in {str(output)!r} stay as they are: {listed}{more}. Put them "
            "right and undo again, or leave them: they are yours now."
        )
