"""The ordering engine in numbers: how close to the shortest path, how fast, and how large.

    python -m benchmarks.ordering [--parts lkh,gap] [--vectors FILE]... [--runs 3] [--lkh-limit 5000]

Vectors are made, or drawn from `.npy` files, such as `python -m benchmarks.features` makes of images. Each
figure is the median (least .. greatest) of runs, each on vectors of its own; seconds are wall time, after
compilation. What takes minutes runs once: the classical way at 60,000, and a million vectors
(`--long-runs`). All parts together take about an hour on two cores; `--scale 0.05` tries them out.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.baseline import classical_order
from benchmarks.measure import Options
from benchmarks.optimum import print_excess, print_gaps
from benchmarks.scale import print_classical, print_growth
from benchmarks.stages import WARM_UP_ROWS, warm_up
from benchmarks.starts import print_starts
from benchmarks.vectors import draw_vectors

PARTS: dict[str, Callable[[Options], None]] = {
    "lkh": print_excess,
    "gap": print_gaps,
    "start": print_starts,
    "sixty": print_classical,
    "million": print_growth,
}


def main() -> None:
    """Run the parts, one after the other."""
    parts, options = parse_options()
    print(f"{options.threads} threads, load of the machine before {os.getloadavg()[0]:.1f}")
    if not options.files:
        print("no file of vectors was given: all vectors are made")
    with threadpool_limits(options.threads):
        compile_all(options.threads)
        for part in parts:
            print(f"\n{part}\n", flush=True)
            PARTS[part](options)


def parse_options() -> tuple[list[str], Options]:
    """Read the command line: which parts to run, and how."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", type=split_names, default=list(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--vectors", type=Path, action="append", help="a .npy file with rows to draw from")
    parser.add_argument("--runs", type=int, default=Options.runs)
    parser.add_argument("--long-runs", type=int, default=Options.long_runs, help="of what takes minutes")
    parser.add_argument("--threads", type=int, default=Options.threads)
    parser.add_argument("--scale", type=float, default=Options.scale, help="multiplies all sizes")
    parser.add_argument("--lkh-limit", type=int, default=Options.lkh_limit, help="no LKH beyond this size")
    given = vars(parser.parse_args())
    parts, files = given.pop("parts"), tuple(given.pop("vectors") or ())
    return parts, Options(files=files, **given)


def split_names(text: str) -> list[str]:
    """Split the names of parts at commas."""
    names = text.split(",")
    if unknown := [name for name in names if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no {unknown[0]}; there are {', '.join(PARTS)}")
    return names


def compile_all(threads: int) -> None:
    """Compile everything once, so that no run pays for it."""
    vectors = draw_vectors(None, WARM_UP_ROWS, 0)
    warm_up(vectors, threads)
    classical_order(vectors.astype(np.float32))


if __name__ == "__main__":
    main()
