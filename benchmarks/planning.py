"""How long the engine plans for many partitions, before the scan has run and after.

    python -m benchmarks.planning [--partitions 1000]

Sixty images are divided among so many embed jobs, most of which have nothing to do: to plan them is as much
work as for a hundred million images. Processor time is that of the command alone, whatever else runs.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import print_table, timed
from scripts.lib.pictures.example import make_example

ROOT = Path(__file__).resolve().parent.parent
GOAL = 20  # seconds


def main() -> None:
    """Print what a dry run takes in both states, and what the scan between them takes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--partitions", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_example(folder / "images")
        shutil.copytree(ROOT / "config", folder / "config")
        rows = [("", "seconds", "of processors")]
        rows.append(("dry run, nothing scanned", *measured(folder, options.partitions, "--dry-run")))
        rows.append(("scan", *measured(folder, options.partitions, "scan")))
        rows.append(("dry run, scanned", *measured(folder, options.partitions, "--dry-run")))
    print(f"{options.partitions:,} partitions, {os.cpu_count()} cores; goal of a dry run {GOAL} s")
    print_table(rows)


def measured(folder: Path, partitions: int, *words: str) -> tuple[str, str]:
    """Run the workflow and return its seconds, and those of processors."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    settings = ["images=images", "output=sorted", "model=descriptor", f"partitions={partitions}"]
    before = processor_seconds()
    _, seconds = timed(
        lambda: subprocess.run(
            [*command, *words, "--config", *settings], cwd=folder, check=True, capture_output=True
        )
    )
    return f"{seconds:.1f}", f"{processor_seconds() - before:.1f}"


def processor_seconds() -> float:
    """Return the processor time of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
