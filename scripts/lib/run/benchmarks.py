"""What was measured of the jobs: their benchmark files, read in one place.

The engine writes one for each job that has come to its end, on whatever machine that was: a table of one row.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

COLUMNS = ("cpu_time", "max_rss", "mean_load", "io_in", "io_out")  # beside `s`; each may be missing


class Benchmark(NamedTuple):
    """What was measured of a job; None where it was too short to be measured.

    seconds, cpu_seconds : from begin to end, and of all its processes
    memory : MB that all its processes held at once, at most
    load : cores that were busy, in percent of one
    read, written : MB, from and to disks
    ended : seconds since 1970
    """

    seconds: float
    cpu_seconds: float | None
    memory: float | None
    load: float | None
    read: float | None
    written: float | None
    ended: float


def stage_benchmarks(folder: Path, stage: str) -> Iterator[Benchmark]:
    """Yield the measurements of a stage, of each part one.

    folder : the benchmarks of a collection or of a model
    """
    for file in (folder / f"{stage}.tsv", *sorted((folder / stage).glob("*.tsv"))):
        found = read_benchmark(file)
        if found:
            yield found


def read_benchmark(file: Path) -> Benchmark | None:
    """Read what was measured of a job; None where there is nothing, or nothing that was finished."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            row = next(csv.DictReader(stream, delimiter="\t"))
        cpu, memory, load, read, written = (_number(row.get(key)) for key in COLUMNS)
        return Benchmark(float(row["s"]), cpu, memory, load, read, written, file.stat().st_mtime)
    except (OSError, ValueError, KeyError, StopIteration):
        return None


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
