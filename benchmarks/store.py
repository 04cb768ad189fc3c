"""What the embedding store costs when nothing is missing from it: opening it, and a whole embed job.

    python -m benchmarks.store [--runs 3] [--scale 1]

A million made vectors of 1,024 halves lie in a temporary folder, which takes 2 GB there (`TMPDIR` says
where), in parts of 4,096, and a tenth of them once more in parts of 120, as an embedding at two images a
second leaves them. The files are in the page cache. A job is a process of its own; its time has the start
of Python in it.
"""

import argparse
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.measure import in_own_process, print_table, spread, timed, times
from scripts import embed
from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.store import Store
from scripts.lib.files.content_ids import ID_DTYPE, list_bytes

Ids = npt.NDArray[np.bytes_]

SIZE, DIMENSION = 1_000_000, 1024
PART, SMALL_PART = 4096, 120
OPEN_GOAL, JOB_GOAL = 1, 10  # seconds
CARD = ModelCard("made", DIMENSION, "float16", 1)


class Measured(NamedTuple):
    """How long one store took, run by run: seconds to open it, and of a job that misses nothing."""

    opened: list[float]
    jobs: list[float]


def main() -> None:
    """Print the times for a store of full parts and for one of small parts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of vectors")
    options = parser.parse_args()
    size = max(1, round(SIZE * options.scale))
    print(f"{size:,} vectors of {DIMENSION:,} halves, each figure measured {times(options.runs)}.")
    print(f"Goals, full parts of a million: open in {OPEN_GOAL} s, a job that misses none in {JOB_GOAL} s.")
    print()
    rows = [("", "open, s", "job, s")]
    for count, part in ((size, PART), (size // 10, SMALL_PART)):
        found = measure(count, part, options.runs)
        rows.append((f"{count:,} in parts of {part:,}", spread(found.opened), spread(found.jobs)))
    print_table(rows)


def measure(size: int, part: int, runs: int) -> Measured:
    """Make a store in a temporary folder and take the times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, size, part)
        opened = [in_own_process(open_store, folder, size) for _ in range(runs)]
        jobs = [timed(lambda: in_own_process(run_job, folder))[1] for _ in range(runs)]
    return Measured(opened, jobs)


def prepare(folder: Path, size: int, part: int) -> None:
    """Fill a store, and write what an embed job reads: the model's card and the partition's list."""
    generator = np.random.default_rng(0)
    ids = np.sort(generator.integers(0, 256, (size, ID_DTYPE.itemsize), np.uint8).view(ID_DTYPE).ravel())
    vectors = generator.normal(size=(part, DIMENSION)).astype(np.float16)
    store = Store(folder / "store", CARD.fingerprint, DIMENSION, CARD.dtype)
    for start in range(0, size, part):
        some = ids[start : start + part]
        store.append(some, vectors[: len(some)])
    with recording(folder / "model.json", Provenance("weights", 1)) as temporary:
        temporary.write_text(json.dumps(CARD.to_json()), encoding="utf-8")
    with recording(folder / "ids.parquet", Provenance("scan", 1)) as temporary:
        temporary.write_bytes(list_bytes(ids))


def open_store(folder: Path, size: int) -> float:
    """Return the seconds in which it is known where each vector lies."""
    store = Store(folder / "store", CARD.fingerprint, DIMENSION, CARD.dtype)
    places, seconds = timed(store.places)
    if len(places) != size:
        raise AssertionError(f"the store has {len(places)} of {size} vectors")
    return seconds


def run_job(folder: Path) -> None:
    """Run the stage `embed` for a partition of which the store has everything."""
    embed.main(
        SimpleNamespace(
            input=SimpleNamespace(model=folder / "model.json", ids=folder / "ids.parquet"),
            output=SimpleNamespace(manifest=folder / "results" / "made" / "model" / "embed" / "0.parquet"),
            params=SimpleNamespace(version=1, again=False, store=str(folder / "store"), retry=""),
            wildcards=SimpleNamespace(partition="0"),
            log=[str(folder / "embed.log")],
        )
    )


if __name__ == "__main__":
    main()
