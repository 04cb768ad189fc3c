"""How the last run of a collection went, or goes, in a few lines and a number for scripts."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.lib.run.jobs import INTERRUPTED, RUNNING, SUCCEEDED
from scripts.lib.run.run_file import GONE, is_at_work
from scripts.lib.run.visible import visible
from scripts.lib.words import counted, duration_words

WENT_WELL, WENT_WRONG, AT_WORK = 0, 1, 2
LONGEST = 3  # stages that are named


def status_code(run: Mapping[str, Any]) -> int:
    """Return 0 where the last run has succeeded, 1 where it has not, 2 where it is at work.

    One on another machine that has told no end counts as at work.
    """
    if is_at_work(run) is not False:
        return AT_WORK
    return WENT_WELL if run["status"] == SUCCEEDED else WENT_WRONG


def status_lines(run: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Yield what is told of a run, a line each."""
    name = f"{run['name']} by {run['model']}" if run["model"] else run["name"]
    at_work = is_at_work(run)
    if at_work is not False:
        known = "at work" if at_work else f"at work on {run['host']}, as far as can be known from here,"
        yield f"{name}: {known} for {_since(run['started'], now)}; {_progress(run)}"
        yield from map(_last_line, _stages(run, RUNNING))
        return
    status, reason, ended = run["status"], run["reason"], run["ended"]
    if status == RUNNING:
        status, reason, ended = INTERRUPTED, GONE, run["started"]
    after = "" if run["seconds"] is None else f", after {duration_words(run['seconds'])}"
    yield f"{name}: {status}{after}, {'begun' if run['ended'] is None else 'ended'} {_since(ended, now)} ago"
    yield from (f"  {visible(line)}" for line in (reason or "").splitlines())
    if status == SUCCEEDED:
        yield from _success(run)


def _success(run: Mapping[str, Any]) -> Iterator[str]:
    counts = run["counts"]
    if counts["ok"] is not None:
        yield f"  {counted(counts['ok'], 'image')} in order, {counts['rejected']:,} left out"
    longest = sorted(run["stages"], key=lambda stage: -(stage["seconds"] or 0))[:LONGEST]
    if longest:
        took = (f"{each['stage']} {duration_words(each['seconds'] or 0)}" for each in longest)
        yield f"  took longest: {', '.join(took)}"
    yield from (f"  {label}: {visible(place)}" for label, place in run["results"].items())


def _progress(run: Mapping[str, Any]) -> str:
    done, total = run["jobs"]["done"], run["jobs"]["total"]
    return f"{done:,} of {counted(total, 'job')} done" if total else "no job done"


def _stages(run: Mapping[str, Any], status: str) -> Iterator[Mapping[str, Any]]:
    return (stage for stage in run["stages"] if stage["status"] == status)


def _last_line(stage: Mapping[str, Any]) -> str:
    """Return the last line of a stage's log, which says how far it is."""
    try:
        lines = Path(stage["log"]).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return visible(f"  {stage['stage']}: {lines[-1] if lines else 'waits, or has just begun'}")


def _since(time: str, now: datetime) -> str:
    return duration_words((now - datetime.fromisoformat(time)).total_seconds())
