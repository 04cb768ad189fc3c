"""How fast ordered copies are made, against `cp -r` in the same run.

    python -m benchmarks.copying [--files 100000] [--large 40] [--runs 3] [--folder DIR]

Many small files, spread over folders, and a few of 10 MB lie in a temporary folder, in the page cache and
hashed, as they are after a scan. Every way of copying takes its turn, each into a new folder, as often as
wanted. `cp -r` leaves the disk to the system; ours flushes, so `cp -r` is timed with a flush, too. Then what
an output that exists costs: the plan, the same order again, and an order with one more file in front. Three
runs take 9 GB of disk.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from blake3 import blake3

from benchmarks.measure import print_table, spread, timed, times
from scripts.lib.output.copy import copy_in_order
from scripts.lib.output.execute import CopySettings
from scripts.lib.output.kinds import Mode
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.placement import OutputFolder
from scripts.lib.output.preview import preview
from scripts.lib.output.staging import Seen
from scripts.lib.output.targets import Target, Wanted, names_of, targets_of

CORES = os.cpu_count() or 1
SMALL, LARGE = 4096, 10_000_000  # bytes
PER_FOLDER = 500
CP, FLUSHED_CP = "cp -r", "cp -r, flushed"
SMALL_GOALS = {"copy": "3, aim 1.5", "hardlink": "1"}
LARGE_GOALS = {"copy": "1.2"}


class Sources(NamedTuple):
    """A folder of files, and what an order says of them."""

    folder: Path
    wanted: list[Wanted]

    def targets(self, count: int | None = None) -> list[Target]:
        """Return the last files of an order, all without a count, each with its name."""
        last = self.wanted[-count:] if count else self.wanted
        order = [file._replace(position=place) for place, file in enumerate(last)]
        return targets_of(order, names_of(order, Naming()))


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000, help="number of small files")
    parser.add_argument("--large", type=int, default=40, help="number of files of 10 MB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to make a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        print(f"{CORES} cores, load {os.getloadavg()[0]:.1f} before, {file_system(folder)}\n")
        small = make_sources(folder / "small", options.files, SMALL)
        large = make_sources(folder / "large", options.large, LARGE)
        print_ways(small, ("copy", "hardlink", "symlink"), SMALL_GOALS, options.runs)
        print_ways(large, ("copy",), LARGE_GOALS, options.runs)
        print_again(small, options.runs)


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder is on."""
    command = ["stat", "--file-system", "--format=%T", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def make_sources(folder: Path, count: int, size: int) -> Sources:
    """Make files of about a size, and hash them."""
    generator = np.random.default_rng(0)
    wanted = []
    for position in range(count):
        path = folder / f"{position // PER_FOLDER:04}" / f"IMG_{position:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = generator.bytes(size // 2 + int(generator.integers(size)))
        path.write_bytes(data)
        found = path.stat()
        seen = Seen(found.st_size, found.st_mtime_ns)
        wanted.append(Wanted(position, os.fsencode(path), blake3(data).digest(), seen))
    order = generator.permutation(count)  # no file has its neighbours of the folder
    return Sources(folder, [wanted[i]._replace(position=place) for place, i in enumerate(order)])


def print_ways(sources: Sources, modes: Sequence[Mode], goals: dict[str, str], runs: int) -> None:
    """Print the seconds of each way of copying, and their ratio to those of `cp -r` in the same round."""
    rounds = [one_round(sources, modes) for _ in range(runs)]
    rows = [("", "seconds", f"over {CP}", f"over {FLUSHED_CP}", "goal")]
    for way in rounds[0]:
        plain, flushed = ([each[way] / each[cp] for each in rounds] for cp in (CP, FLUSHED_CP))
        seconds = spread((each[way] for each in rounds), ".2f")
        rows.append((way, seconds, spread(plain, ".2f"), spread(flushed, ".2f"), goals.get(way, "")))
    size = sum(file.seen.size for file in sources.wanted if file.seen)
    print(f"{len(sources.wanted):,} files, {size / 1e6:,.0f} MB, each way {times(runs)}")
    print_table(rows)


def one_round(sources: Sources, modes: Sequence[Mode]) -> dict[str, float]:
    """Return the seconds of each way of copying."""
    seconds = {}
    output = new_output(sources)
    command = ["cp", "-r", str(sources.folder), str(output)]
    seconds[CP] = timed(lambda: subprocess.run(command, check=True))[1]
    seconds[FLUSHED_CP] = seconds[CP] + timed(lambda: flush(output))[1]
    targets = sources.targets()
    for mode in modes:
        seconds[mode] = copying_seconds(targets, new_output(sources), mode)
    return seconds


def new_output(sources: Sources) -> Path:
    """Return a folder that is not there yet, beside the sources; nothing waits to be written.

    All outputs stay to the end: file systems are slow for a while after many files were removed.
    """
    flush(sources.folder)
    return sources.folder.with_name(f"output-{time.monotonic_ns()}")


def flush(folder: Path) -> None:
    """Return when all of a file system is on the disk."""
    with OutputFolder(folder) as opened:
        opened.flush()


def copying_seconds(targets: Sequence[Target], output: Path, mode: Mode) -> float:
    """Return the seconds in which the output folder holds the targets."""
    settings = CopySettings(output, "made", mode, threads=CORES)
    summary, seconds = timed(lambda: copy_in_order(targets, settings, lambda count: None))
    failed = [each for each in summary.files if each.status == "failed"]
    if failed or len(summary.files) < len(targets):
        raise AssertionError(f"{len(failed)} of {len(targets)} failed: {failed[:1]}")
    return seconds


def print_again(sources: Sources, runs: int) -> None:
    """Print the seconds of what is done in an output that holds all files but the first."""
    rounds = [again(sources) for _ in range(runs)]
    print(f"{len(sources.wanted):,} files that are in the output, each measured {times(runs)}")
    print_table([(what, spread((each[what] for each in rounds), ".2f")) for what in rounds[0]])


def again(sources: Sources) -> dict[str, float]:
    """Return the seconds of each step, from the first plan to one more file in front."""
    seconds = {}
    former, present = sources.targets(len(sources.wanted) - 1), sources.targets()
    output = new_output(sources)
    seconds["plan, new output"] = planning_seconds(former, output)
    copying_seconds(former, output, "copy")
    seconds["plan, all there"] = planning_seconds(former, output)
    seconds["copy, all there"] = copying_seconds(former, output, "copy")
    seconds["plan, a file in front"] = planning_seconds(present, output)
    seconds["copy, a file in front"] = copying_seconds(present, output, "copy")
    return seconds


def planning_seconds(targets: Sequence[Target], output: Path) -> float:
    """Return the seconds of naming files and of looking at what has to be done."""

    def plan() -> None:
        wanted = [target.wanted for target in targets]
        preview(output, targets_of(wanted, names_of(wanted, Naming())), "copy", False, CORES)

    return timed(plan)[1]


if __name__ == "__main__":
    main()
