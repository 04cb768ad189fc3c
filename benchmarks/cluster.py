"""What a cluster costs: a sort here, and the same as jobs of a Slurm whose one node is this machine.

    python -m benchmarks.cluster FOLDER [--images 600000] [--partitions 4]

The Slurm is the one that tests start: real daemons, a node with as many cores as there are. Either run is
begun from nothing, in a folder of its own, by the command that users have; images are made once. What they
leave must be the same. What was measured stays in FOLDER, and is not measured again.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.made_images import make_images
from benchmarks.million import MODEL, NAME, busy_seconds, stages
from benchmarks.workflow import ENGINE
from tests.slurm_cluster import slurm_cluster

ROOT = Path(__file__).resolve().parent.parent
SAME = ("vectors.npy", "knn.npz", "path.npy", "order.parquet")
GOAL = 1.3


def main() -> None:
    """Measure both runs, unless that was done before, and print them side by side."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=600_000)
    parser.add_argument("--partitions", type=int, default=4)
    options = parser.parse_args()
    folder, cores = options.folder.absolute(), os.cpu_count() or 1
    make_images(folder / "images", options.images)
    here = measured(folder / "here", options.partitions, ["--cores", str(cores)], {})
    with (
        tempfile.TemporaryDirectory(prefix="slurm") as place,
        slurm_cluster(Path(place), 1, cores) as cluster,
    ):
        profile = ["--workflow-profile", str(ROOT / "profiles" / "slurm")]
        there = measured(folder / "slurm", options.partitions, profile, cluster.environment)
    for name in SAME:
        one, other = (folder / run / "results" / NAME / MODEL / name for run in ("here", "slurm"))
        if one.read_bytes() != other.read_bytes():
            raise AssertionError(f"{one} and {other} differ")
    print(f"{options.images:,} images in {options.partitions} partitions: {here:.0f} s here, {there:.0f} s")
    print(f"as jobs of Slurm, {there / here:.2f} times as long (goal {GOAL}); the same to the byte")


def measured(folder: Path, partitions: int, given: Sequence[str], environment: dict[str, str]) -> float:
    """Run the whole workflow, unless that was done before; return its seconds."""
    done = folder / "seconds.json"
    if not done.exists():
        if folder.exists():  # whatever is in it, it is not for us to remove
            raise SystemExit(f"{folder} holds a run that was not measured to its end. Remove it first.")
        shutil.copytree(ROOT / "config", folder / "config")
        command = [*ENGINE, *given, "--config"]
        settings = [f"name={NAME}", f"images={folder.parent / 'images'}", f"model={MODEL}", "output=sorted"]
        settings += ["copy_mode=hardlink", f"partitions={partitions}"]
        started = time.monotonic()
        with (folder / "said").open("wb") as said:
            subprocess.run(
                [*command, *settings],
                cwd=folder,
                env=os.environ | environment,
                check=True,
                stdout=said,
                stderr=said,
            )
        done.write_text(json.dumps(time.monotonic() - started))
    seconds = float(json.loads(done.read_text()))
    jobs = stages(folder)
    print(
        f"{folder.name}: {seconds:.0f} s, {busy_seconds(jobs):.0f} s of them with a stage at work", flush=True
    )
    for job in jobs:
        print(f"  {job.name:14} {job.seconds:8.1f} s {job.memory:6.2f} GB", flush=True)
    return seconds


if __name__ == "__main__":
    main()
