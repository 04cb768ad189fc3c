"""One table of what was measured of every job, for people and programs.

A row is a job as it ran last, and names the run that this was: a run that goes on where another was killed
adds its rows to those of the other.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.lib.artifacts.atomic import write_text
from scripts.lib.run.jobs import Job, stamp
from scripts.lib.run.stage import finished_work

COLUMNS = (
    *("run", "stage", "part", "seconds", "cpu_seconds", "max_rss_mb", "mean_load", "read_mb", "written_mb"),
    *("threads", "units", "unit", "rate", "ended", "benchmark"),
)
Row = dict[str, str]


def write_benchmarks(table: Path, run: str, jobs: Iterable[Job]) -> None:
    """Put the jobs of a run into the table, in place of what it says of them.

    What another job says stays as long as its benchmark is there.
    """
    new = [row for job in jobs for row in _row(run, job)]
    ran = {row["benchmark"] for row in new}
    kept = (row for row in read_benchmarks(table) if row["benchmark"] not in ran)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows([*(row for row in kept if Path(row["benchmark"]).exists()), *new])
    write_text(table, text.getvalue())


def read_benchmarks(table: Path) -> list[Row]:
    """Read the table; of one that is of another form nothing."""
    try:
        with table.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream, delimiter="\t")
            return list(rows) if tuple(rows.fieldnames or ()) == COLUMNS else []
    except (OSError, ValueError, csv.Error):
        return []


def _row(run: str, job: Job) -> Iterator[Row]:
    measured = job.measured
    if measured is None:
        return
    units, unit = finished_work(Path(job.log)) or (None, "")
    values = (
        *(run, job.stage, job.part, *measured[:-1], job.threads, units, unit),
        *(_rate(units, measured.seconds), stamp(job.ended), job.benchmark),
    )
    yield {name: _word(value) for name, value in zip(COLUMNS, values, strict=True)}


def _rate(units: int | None, seconds: float) -> float | None:
    return units / seconds if units is not None and seconds else None


def _word(value: object) -> str:
    """Return a value as the table has it: nothing for what is not known."""
    if value is None:
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)
