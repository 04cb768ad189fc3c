"""The jobs of a run, as they begin and end, and what each stage took in all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.lib.run.benchmarks import Benchmark, read_benchmark

RUNNING, SUCCEEDED, FAILED, INTERRUPTED = "running", "succeeded", "failed", "interrupted"


@dataclass
class Job:
    """A job of this run.

    part : of the stage, such as the number of a partition; empty where it is the whole
    """

    stage: str
    part: str
    threads: int
    log: str
    benchmark: str | None
    began: datetime
    ended: datetime | None = None
    status: str = RUNNING
    measured: Benchmark | None = None

    def measure(self) -> None:
        """Read what was measured of the job, if it has succeeded."""
        if self.measured is None and self.status == SUCCEEDED and self.benchmark is not None:
            self.measured = read_benchmark(Path(self.benchmark))


def stamp(time: datetime | None) -> str | None:
    """Return a time as ISO 8601 says it, with the offset of this place."""
    return time.isoformat(timespec="milliseconds") if time else None


def stage_totals(jobs: Iterable[Job]) -> Iterator[dict[str, Any]]:
    """Yield what each stage took, in the order in which they began."""
    stages: dict[str, list[Job]] = {}
    for job in jobs:
        stages.setdefault(job.stage, []).append(job)
    for stage, its in stages.items():
        yield {"stage": stage, "status": _status(its), "jobs": len(its), **_cost(its), "log": its[-1].log}


def _status(jobs: Iterable[Job]) -> str:
    """Return the status of a stage: that of its worst job."""
    every = {job.status for job in jobs}
    return next(status for status in (FAILED, INTERRUPTED, RUNNING, SUCCEEDED) if status in every)


def _cost(jobs: list[Job]) -> dict[str, Any]:
    """Return when the jobs of a stage were at work, and what they took together."""
    measured = [found for found in (job.measured for job in jobs) if found]
    ends = [job.ended for job in jobs if job.ended]
    return {
        "started": stamp(jobs[0].began),
        "ended": stamp(max(ends)) if len(ends) == len(jobs) else None,
        "seconds": _total(each.seconds for each in measured),
        "cpu_seconds": _total(each.cpu_seconds for each in measured),
        "max_rss_mb": max((each.memory for each in measured if each.memory is not None), default=None),
    }


def _total(amounts: Iterable[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return round(sum(known), 3) if known else None
