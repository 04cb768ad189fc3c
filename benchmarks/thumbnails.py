"""What thumbnails cost: to make one, and to have one of a million.

    python -m benchmarks.thumbnails --photos FOLDER [--scale 1] [--threads 2]

Photos are made into thumbnails by one process, whose own time is told, and by worker processes. A million
made pictures of about the same length lie in a temporary folder, which takes 4.5 GB there (`TMPDIR` says
where). They are asked for at random, and are in the page cache.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.measure import in_own_process, peak_memory, print_table, timed
from scripts.lib.embedding.workers import Request, prepare_one
from scripts.lib.files.content_ids import ID_DTYPE, content_id_of, id_bytes
from scripts.lib.thumbnails.packed import FOLDER, PackedThumbnails, write_packed
from scripts.lib.thumbnails.picture_parts import MOST, PictureParts
from scripts.lib.thumbnails.thumbnail import SIDE, first_file, pictures, worker_settings
from scripts.lib.thumbnails.thumbnails import thumbnail_table

SIZE, LENGTH = 1_000_000, 4500  # pictures, and bytes of one
ASKED = 100_000
ROUNDS = 5  # in which workers make all photos
PIXEL_LIMIT, TIMEOUT = 500_000_000, 60


class Read(NamedTuple):
    """How a viewer fares: seconds to open, pictures a second at first and once more, GB at most."""

    opened: float
    first: float
    again: float
    memory: float


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of made pictures")
    options = parser.parse_args()
    show_making(options.photos, options.threads)
    show_reading(max(1, round(SIZE * options.scale)))


def show_making(folder: Path, workers: int) -> None:
    """Print what a picture of a photo costs."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    requests = [Request(content_id_of(path.read_bytes()), [bytes(path)]) for path in files]
    settings = worker_settings(SIDE, PIXEL_LIMIT, workers, TIMEOUT)
    start = time.process_time()
    views = [prepare_one(request, settings).views for request in requests]
    spent = time.process_time() - start
    lengths = [len(first_file(each)) for each in views if each is not None]
    made, seconds = timed(lambda: list(pictures(ROUNDS * requests, settings)))
    print(f"{len(files):,} files, pictures of {SIDE} pixels")
    print_table(
        [
            ("bytes of a picture", f"{np.mean(lengths):,.0f}, {max(lengths):,} at most"),
            ("one process, its own time", f"{1e3 * spent / len(files):.2f} ms"),
            (f"{workers} workers", f"{len(made) / seconds:,.0f} a second"),
        ]
    )


def show_reading(size: int) -> None:
    """Print what a picture among so many costs."""
    with tempfile.TemporaryDirectory() as name:
        ids = prepare(Path(name), size)
        found = in_own_process(read, Path(name), id_bytes(ids))
    print(f"{size:,} made pictures, {ASKED:,} of them asked for")
    rows = [("opened in", f"{found.opened:.2f} s"), ("at first", f"{found.first:,.0f} a second")]
    print_table([*rows, ("again", f"{found.again:,.0f} a second"), ("memory", f"{found.memory:.2f} GB")])


def prepare(folder: Path, size: int) -> np.ndarray:
    """Write the pictures and their table; return the ids that are asked for, (m,) S32."""
    random = np.random.default_rng(0)
    ids = np.frombuffer(random.bytes(size * ID_DTYPE.itemsize), ID_DTYPE)
    noise = random.bytes(3 * LENGTH)
    lengths = random.integers(LENGTH // 2, LENGTH * 3 // 2, size)
    parts = PictureParts(folder / FOLDER, SIDE)
    for start in range(0, size, MOST):
        files = [noise[:length] for length in lengths[start : start + MOST].tolist()]
        parts.append(ids[start : start + MOST], np.array([*files, None], object)[:-1])
    write_packed(thumbnail_table(np.sort(ids), parts.places(), {}, parts), folder / "thumbnails.parquet")
    return ids[random.integers(0, size, ASKED)]


def read(folder: Path, wanted: list[bytes]) -> Read:
    """Ask for pictures, twice for each."""
    found, opened = timed(lambda: PackedThumbnails.open(folder / "thumbnails.parquet"))
    rounds = [timed(lambda: sum(found.get(content) is not None for content in wanted)) for _ in range(2)]
    if any(count != len(wanted) for count, _ in rounds):
        raise AssertionError("some pictures were not found")
    first, again = (len(wanted) / seconds for _, seconds in rounds)
    return Read(opened, first, again, peak_memory())


if __name__ == "__main__":
    main()
