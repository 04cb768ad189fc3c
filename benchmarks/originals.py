"""What it takes to find files by folders, lists and tars, and to read members of tars.

    python -m benchmarks.originals [--scale 1] [--folder /dev/shm]

A million files of 100 bytes, names of one, lie in 1,000 folders; a list and a table name them, and 100 tars
hold 10,000 members each. Times are the process's own.
"""

import argparse
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import in_own_process, peak_memory, print_table
from scripts.lib.files.originals import content_of
from scripts.lib.files.tars.members import use_indexes
from scripts.lib.files.walk import Tree, walk

FOLDERS, TARS, FILES = 1000, 100, 1_000_000
CONTENT = b"x" * 100
ASKED = 100_000


def main() -> None:
    """Print seconds of a core, and MB that were held more than before."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the number of files")
    parser.add_argument("--folder", type=Path, help="where they are made; default: that for temporary files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        base = Path(name)
        paths = make_files(base, max(FOLDERS, round(FILES * options.scale)))
        tars = list(make_tars(base, len(paths) // TARS))
        rows = [
            (label, in_own_process(found, base, roots))
            for label, roots in (
                ("folders", [base / "files"]),
                ("list", [base / "list.txt"]),
                ("Parquet", [base / "list.parquet"]),
                ("tars", tars),
                ("tars, again", tars),
            )
        ]
        rows.append(("a file, opened and read", in_own_process(reading, base, paths[:ASKED])))
        members = [
            bytes(tar) + b"/%06d.jpg" % n for tar in tars for n in range(min(ASKED, len(paths)) // TARS)
        ]
        rows.append(("a member of a tar", in_own_process(reading, base, members)))
    print(f"{len(paths):,} files")
    print_table(rows)


def make_files(base: Path, count: int) -> list[bytes]:
    """Make names of one file, in folders, and a list and a table of them; return their paths."""
    (base / "one.jpg").write_bytes(CONTENT)
    names = [f"files/{n % FOLDERS:04d}/{n // FOLDERS:06d}.jpg" for n in range(count)]
    for folder in range(FOLDERS):
        (base / "files" / f"{folder:04d}").mkdir(parents=True)
    for name in names:
        os.link(base / "one.jpg", base / name)
    (base / "list.txt").write_text("\n".join([*names, ""]))
    pq.write_table(pa.table({"path": names}), base / "list.parquet")
    return [bytes(base / name) for name in names]


def make_tars(base: Path, members: int) -> Iterator[Path]:
    """Write equal tars and yield their paths."""
    first = base / "000.tar"
    with tarfile.open(first, "w") as tar:
        for n in range(members):
            info = tarfile.TarInfo(f"{n:06d}.jpg")
            info.size = len(CONTENT)
            tar.addfile(info, io.BytesIO(CONTENT))
    yield first
    for n in range(1, TARS):
        yield Path(shutil.copy(first, base / f"{n:03d}.tar"))


def found(base: Path, roots: list[Path]) -> str:
    """Find all files below some roots."""
    use_indexes(base)
    before, start = peak_memory(), time.process_time()
    count = sum(1 for _ in walk(Tree([bytes(root) for root in roots])))
    return f"{time.process_time() - start:.1f} s for {count:,}, {1e3 * (peak_memory() - before):,.0f} MB"


def reading(base: Path, paths: list[bytes]) -> str:
    """Read files."""
    use_indexes(base)
    start = time.process_time()
    for path in paths:
        content_of(path)
    return f"{1e6 * (time.process_time() - start) / len(paths):.0f} µs"


if __name__ == "__main__":
    main()
