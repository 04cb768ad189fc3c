"""A million images by the real command, from files to hard links and a report: `make bench-million`.

    python -m benchmarks.million FOLDER [--images 1000000] [--cores 2]

In FOLDER, which should be on a disk with 10 GB and three million free inodes: `images` (made by
`benchmarks.made_images`), `work` with the results and the links, and `million.json` with what was measured.
The steps are: make the images, sort them, do nothing, add a thousand and keep the order, add a thousand and
make a fresh one. What has come out is compared with what was made. Whatever ends it, the same command goes on
where it was; seconds are added up then, and the times of stages are those of their last attempts.
"""

import argparse
import csv
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from benchmarks.made_images import CORRUPT, make_images, path_of, role_of, roles
from benchmarks.measure import print_table, timed
from benchmarks.process_tree import Memory, run_watched
from benchmarks.workflow import ENGINE
from scripts.lib.artifacts.atomic import write_json

ROOT = Path(__file__).resolve().parent.parent
NAME, MODEL = "million", "descriptor"
ADDED = 1000
NOTED_SECONDS = 10  # the most of a step that a kill can lose from its account
GOALS = {"sort": 7200, "idle": 30, "kept": 180, "fresh": 600}  # seconds, for a million
MEMORY_GOAL, ENGINE_GOAL = "12 GB", "3 %"


@dataclass
class Step:
    """What one command took: seconds of all its attempts, and the most memory, bytes."""

    seconds: float = 0.0
    attempts: int = 0
    total: int = 0
    own: int = 0
    stages: list[list[str]] = field(default_factory=list)
    busy: float = 0.0
    until_order: float = 0.0  # seconds to `order.parquet`
    done: bool = False


class Stage(NamedTuple):
    """A row of the engine's own account of a job."""

    name: str
    seconds: float
    cpu: float
    memory: float  # GB
    ended: float  # a time

    def row(self) -> list[str]:
        """Write it for a table."""
        return [self.name, f"{self.seconds:.1f}", f"{self.cpu:.1f}", f"{self.memory:.2f}"]


class Bench:
    """The folder of a measurement and its account."""

    def __init__(self, folder: Path, images: int, cores: int) -> None:
        self.folder, self.images, self.cores = folder, images, cores
        self.work, self.account = folder / "work", folder / "million.json"
        self.steps: dict[str, Step] = {}
        if self.account.exists():
            self.steps = {name: Step(**each) for name, each in json.loads(self.account.read_text()).items()}

    def make(self, more: int = 0) -> None:
        """Make the images, and so many more."""
        made = [0]

        def count(files: int) -> None:
            made[0] += files
            if made[0] % 50_000 == 0:
                print(f"made {made[0]:,} images", flush=True)

        _, seconds = timed(lambda: make_images(self.folder / "images", self.images + more, progress=count))
        print(f"{self.images + more:,} images made or there, {seconds:.0f} s", flush=True)

    def step(self, name: str, *words: str) -> Step:
        """Run the workflow once, unless that was done before; say what it took."""
        step = self.steps.setdefault(name, Step())
        if not step.done:
            self._run(name, step, words)
        return step

    def _run(self, name: str, step: Step, words: tuple[str, ...]) -> None:
        shutil.copytree(ROOT / "config", self.work / "config", dirs_exist_ok=True)
        before = {stage.name: stage.ended for stage in stages(self.work)}
        step.attempts += 1
        unsaved = [0.0]

        def note(seconds: float, memory: Memory) -> None:
            step.seconds += seconds
            step.total, step.own = memory.or_more(Memory(step.total, step.own))
            unsaved[0] += seconds
            if unsaved[0] > NOTED_SECONDS:
                unsaved[0] = 0.0
                self._save()

        log = self.folder / f"{name}.log"
        if run_watched(self._command(words), self.work, log, note):
            self._save()
            raise SystemExit(f"The step {name!r} failed; what it said is in {log}. Run again to go on.")
        fresh = [stage for stage in stages(self.work) if stage.ended != before.get(stage.name)]
        step.stages, step.busy, step.done = [stage.row() for stage in fresh], busy_seconds(fresh), True
        step.until_order = step.seconds - (time.time() - self.order.stat().st_mtime)
        self._save()

    @property
    def order(self) -> Path:
        """Where the order is."""
        return self.work / "results" / NAME / MODEL / "order.parquet"

    def _command(self, words: tuple[str, ...]) -> list[str]:
        settings = [f"name={NAME}", f"images={self.folder / 'images'}", f"model={MODEL}", "output=sorted"]
        targets = [word for word in words if "=" not in word]
        given = [word for word in words if "=" in word]
        return [
            *ENGINE,
            "--cores",
            str(self.cores),
            *targets,
            "--config",
            *settings,
            "copy_mode=hardlink",
            *given,
        ]

    def _save(self) -> None:
        write_json(self.account, {name: asdict(step) for name, step in self.steps.items()})


def stages(work: Path) -> list[Stage]:
    """Return what the engine has measured of each job, in the order in which they ended."""
    return sorted(_stages(work / "results" / NAME), key=lambda stage: stage.ended)


def _stages(results: Path) -> Iterator[Stage]:
    for file in results.glob("**/benchmarks/**/*.tsv"):
        name = "/".join(file.with_suffix("").parts[file.parts.index("benchmarks") + 1 :])
        with file.open(newline="") as stream:
            row = list(csv.DictReader(stream, delimiter="\t"))[-1]
        seconds, cpu, memory = (_number(row[column]) for column in ("s", "cpu_time", "max_rss"))
        yield Stage(name, seconds, cpu, memory * 2**20 / 1e9, file.stat().st_mtime)


def _number(cell: str) -> float:
    return float(cell) if cell not in ("", "-", "NA") else 0.0


def busy_seconds(jobs: list[Stage]) -> float:
    """Return for how many seconds one job or more was at work."""
    total, until = 0.0, float("-inf")
    for start, end in sorted((job.ended - job.seconds, job.ended) for job in jobs):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def check(bench: Bench) -> None:
    """Compare what has come out of the sort with the images that were made.

    Raises AssertionError where a file is missing, ordered though it is no image, or linked to another one.
    """
    model = bench.order.parent
    numbers = range(bench.images)
    corrupt = {_listed(bench, number) for number in numbers if role_of(number) in CORRUPT}
    with (model / "rejected.csv").open(encoding="utf-8", newline="") as stream:
        rejected = {row["path"] for row in csv.DictReader(stream)}
    _agree("rejected", rejected, corrupt)
    ordered = pq.read_table(bench.order, columns=["path"])["path"].to_pylist()
    _agree("ordered", set(ordered), {_listed(bench, number) for number in numbers} - corrupt)
    if len(ordered) + len(rejected) != bench.images:
        raise AssertionError(f"{len(ordered):,} + {len(rejected):,} files are not {bench.images:,}")
    print(f"{len(ordered):,} ordered + {len(rejected):,} left out = {bench.images:,} made", flush=True)
    _check_links(bench, model)


def _listed(bench: Bench, number: int) -> str:
    return str(bench.folder / "images" / path_of(number))


def _agree(what: str, found: set[str], made: set[str]) -> None:
    if found != made:
        some = sorted(found ^ made)[:3]
        raise AssertionError(f"{len(found):,} {what}, {len(made):,} expected; for instance {some}")


def _check_links(bench: Bench, model: Path) -> None:
    plan = pq.read_table(model / "plan.parquet", columns=["path_bytes", "target_bytes"])
    output = os.fsencode(bench.work / "sorted")
    for source, target in zip(*(column.to_pylist() for column in plan.columns), strict=True):
        there = os.path.join(output, target)
        if not os.path.samestat(os.stat(source), os.lstat(there)):
            raise AssertionError(f"{there!r} is no link to {source!r}")
    print(f"{len(plan):,} hard links, each a name of its original", flush=True)


def print_step(name: str, step: Step) -> None:
    """Print what a step took, stage by stage."""
    again = f", {step.attempts} attempts" if step.attempts > 1 else ""
    own = max(0.0, step.seconds - step.busy)
    to_order = f", {step.until_order:.0f} s to the order" if step.until_order > 0 else ""
    print(f"{name}: {step.seconds:.0f} s{to_order}{again} (goal for a million {GOALS[name]:,} s)")
    print(
        f"  memory of all processes {step.total / 1e9:.2f} GB at most, {step.own / 1e9:.2f} GB without "
        f"mapped files (goal {MEMORY_GOAL}); {own:.1f} s, {own / max(step.seconds, 1):.1%}, without a stage "
        f"at work (goal {ENGINE_GOAL})"
    )
    print_table([("stage", "seconds", "of processors", "peak GB"), *map(tuple, step.stages)])


def main() -> None:
    """Take every step that was not taken yet, and print them all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    bench = Bench(options.folder.absolute(), options.images, options.cores)
    made = roles(bench.images)
    print(", ".join(f"{count:,} {role}" for role, count in made.most_common()), flush=True)
    bench.make()
    print_step("sort", bench.step("sort"))
    if "idle" not in bench.steps or not bench.steps["idle"].done:
        check(bench)
    print_step("idle", bench.step("idle"))
    bench.make(ADDED)
    print_step("kept", bench.step("kept", "plan", "order_keep=true"))
    bench.make(2 * ADDED)
    print_step("fresh", bench.step("fresh", "plan"))


if __name__ == "__main__":
    main()
