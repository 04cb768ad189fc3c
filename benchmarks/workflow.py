"""What the workflow itself costs: sixty images from nothing, and a hundred thousand with nothing to do.

    python -m benchmarks.workflow [--runs 3] [--files 100000]

Each run is the whole command, started in an empty folder, with the environment built. The first
measure also empties numba's cache. For the second the collection is made of hard links to sixty
images, so that it is quick to make; an idle run looks at names, sizes and times alone.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from scripts.lib.pictures.contact_sheet import images_below
from scripts.lib.pictures.example import make_example

ROOT = Path(__file__).resolve().parent.parent
ENGINE = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]


def main() -> None:
    """Print both measures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--files", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder, "images")
        count = make_example(images)
        seconds = [sort_from_nothing(images, Path(folder, f"run{i}")) for i in range(options.runs)]
        print_seconds(f"{count} images, no results, numba's cache empty", seconds, goal=30)
        seconds = idle_runs(images, Path(folder, "idle"), options)
        print_seconds(f"nothing to do, {options.files:,} files", seconds, goal=5)


def sort_from_nothing(images: Path, folder: Path) -> float:
    """Return the seconds that a whole run takes."""
    with tempfile.TemporaryDirectory() as cache:
        seconds = run(folder, images, {"NUMBA_CACHE_DIR": cache})
    shutil.rmtree(folder)
    return seconds


def idle_runs(images: Path, folder: Path, options: argparse.Namespace) -> list[float]:
    """Return the seconds of runs that find nothing to do, after one that sorted everything."""
    many = folder / "many"
    link_many(images_below(images), many, options.files)
    settings = ("copy_mode=none",)
    run(folder, many, {}, *settings)
    return [run(folder, many, {}, *settings) for _ in range(options.runs)]


def link_many(sources: list[Path], folder: Path, count: int) -> None:
    """Fill folders of a thousand files each with hard links."""
    for i in range(count):
        target = folder / f"{i // 1000:03}" / f"{i:06}{sources[i % len(sources)].suffix}"
        if i % 1000 == 0:
            target.parent.mkdir(parents=True)
        os.link(sources[i % len(sources)], target)


def run(folder: Path, images: Path, environment: dict[str, str], *settings: str) -> float:
    """Run the workflow in a folder of its own and return the seconds it took."""
    shutil.copytree(ROOT / "config", folder / "config", dirs_exist_ok=True)
    command = [*ENGINE, "--cores", "all"]
    config = ["--config", f"images={images}", "model=descriptor", *settings]
    started = time.monotonic()
    subprocess.run(
        [*command, *config],
        cwd=folder,
        env=os.environ | environment,
        check=True,
        capture_output=True,
    )
    return time.monotonic() - started


def print_seconds(what: str, seconds: list[float], goal: float) -> None:
    """Print the median, the least and the most, beside the goal."""
    spread = f"{min(seconds):.1f} to {max(seconds):.1f}"
    print(
        f"{what}: {median(seconds):.1f} s (median of {len(seconds)}, {spread}; goal {goal:.0f})",
        flush=True,
    )


if __name__ == "__main__":
    main()
