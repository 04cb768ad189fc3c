"""Length and time of our path against the classical baseline and LKH, in one run.

    python -m benchmarks.ordering --sizes 1000,2000,5000 --runs 3
    python -m benchmarks.ordering --vectors features.npy --lkh-limit 2000

LKH takes part where `elkai` can be imported. Lengths are given over LKH's, or over the baseline's
where LKH is left out; times are wall time, in seconds: median, least and greatest of the runs.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.baseline import classical_order
from scripts.lib.ordering.knn import nearest_neighbors
from scripts.lib.ordering.mst import minimum_spanning_tree
from scripts.lib.ordering.quality import link_lengths
from scripts.lib.ordering.traverse import traverse
from scripts.lib.ordering.two_opt import refine

Vectors = npt.NDArray[Any]
Result = TypeVar("Result")
LKH_SCALE = 1e6


class Run(NamedTuple):
    """What one method made of one set of vectors."""

    method: str
    length: float
    seconds: dict[str, float]


def main() -> None:
    """Measure all methods at all sizes and print one block of lines for each size."""
    options = parse_options()
    warm_up(options.threads)
    for size in options.sizes:
        runs = [
            run
            for seed in range(options.runs)
            for run in compare(draw_vectors(options.vectors, size, seed), options)
        ]
        report(size, runs)


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=split_numbers, default=[1000, 2000, 5000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--vectors", type=Path, help="a .npy file with rows to draw from")
    parser.add_argument("--lkh-limit", type=int, default=2000, help="no LKH beyond this size")
    parser.add_argument("--baseline-limit", type=int, default=60_000)
    return parser.parse_args()


def split_numbers(text: str) -> list[int]:
    """Split numbers at commas."""
    return [int(number) for number in text.split(",")]


def warm_up(threads: int) -> None:
    """Compile everything once, so that no run pays for it."""
    vectors = draw_vectors(None, 200, 0)
    list(our_stages(vectors, threads))
    classical_order(vectors.astype(np.float32))


def draw_vectors(file: Path | None, size: int, seed: int) -> Vectors:
    """Draw rows from a file, or make vectors that resemble deep features.

    Those lie in clusters of unequal size on few directions of their own, and are not negative.

    returns : (size, d) float16, d being 1024 for made vectors
    """
    generator = np.random.default_rng(seed)
    if file:
        rows = np.load(file, mmap_mode="r")
        drawn = np.sort(generator.choice(len(rows), min(size, len(rows)), replace=False))
        return rows[drawn].astype(np.float16)[generator.permutation(len(drawn))]
    classes, directions, d = 10 + size // 100, 24, 1024
    centres = generator.normal(size=(classes, directions)) * 1.5
    weights = generator.dirichlet(np.ones(classes))
    inner = centres[generator.choice(classes, size, p=weights)]
    inner = inner + generator.normal(size=(size, directions))
    outer = inner @ generator.normal(size=(directions, d)) / np.sqrt(directions)
    return np.maximum(outer + generator.normal(size=(size, d)) * 0.1, 0).astype(np.float16)


def compare(vectors: Vectors, options: argparse.Namespace) -> Iterator[Run]:
    """Order the vectors by each method in turn."""
    yield from our_stages(vectors, options.threads)
    if len(vectors) <= options.baseline_limit:
        path, seconds = timed(lambda: classical_order(vectors.astype(np.float32)))
        yield Run("baseline", path_length(vectors, path), {"all": seconds})
    if len(vectors) <= options.lkh_limit and importlib.util.find_spec("elkai"):
        path, seconds = timed(lambda: lkh_order(vectors))
        yield Run("LKH", path_length(vectors, path), {"all": seconds})


def our_stages(vectors: Vectors, threads: int) -> Iterator[Run]:
    """Run the stages from vectors to path; yield the walk and the refined path."""
    graph, knn = timed(lambda: nearest_neighbors(vectors, threads=threads))
    tree, mst = timed(lambda: minimum_spanning_tree(vectors, graph))
    walk, traversal = timed(lambda: traverse(tree, len(vectors)))
    seconds = {"knn": knn, "mst": mst, "traverse": traversal}
    yield Run("walk", path_length(vectors, walk), seconds | {"all": knn + mst + traversal})
    path, search = timed(lambda: refine(vectors, graph, walk))
    total = knn + mst + traversal + search
    yield Run("refined", path_length(vectors, path), {"search": search, "all": total})


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Return what the work returns, and its wall time in seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def lkh_order(vectors: Vectors) -> npt.NDArray[np.int32]:
    """Order vectors by LKH, as a tour through one more node at distance zero from all others."""
    import elkai

    n = len(vectors)
    wide = vectors.astype(np.float64)
    squares = np.einsum("ij,ij->i", wide, wide)
    squares = squares[:, np.newaxis] + squares - 2 * wide @ wide.T
    distances = np.sqrt(np.maximum(squares, 0))
    whole = np.zeros((n + 1, n + 1), np.int64)
    whole[:n, :n] = np.rint(distances * (LKH_SCALE / distances.max()))
    tour = elkai.DistanceMatrix(whole.tolist()).solve_tsp()[:-1]
    cut = tour.index(n)
    return np.array(tour[cut + 1 :] + tour[:cut], np.int32)


def path_length(vectors: Vectors, path: npt.NDArray[np.int32]) -> float:
    """Return the length of the path, after making sure that it is one."""
    assert np.array_equal(np.sort(path), np.arange(len(vectors)))
    return float(link_lengths(vectors, path).sum(dtype=np.float64))


def report(size: int, runs: list[Run]) -> None:
    """Print lengths and times of each method, and both against the reference."""
    methods = list(dict.fromkeys(run.method for run in runs))
    reference = methods[-1]
    print(f"{size} vectors, against {reference}:")
    known = [run for run in runs if run.method == reference]
    for method in methods:
        mine = [run for run in runs if run.method == method]
        pairs = list(zip(mine, known, strict=True))
        excess = spread([100 * (run.length / other.length - 1) for run, other in pairs])
        speed = spread([run.seconds["all"] / other.seconds["all"] for run, other in pairs])
        stages = {name: spread([run.seconds[name] for run in mine]) for name in mine[0].seconds}
        times = ", ".join(f"{name} {spent}" for name, spent in stages.items())
        print(f"  {method:9} length {excess} % over, time ratio {speed}; seconds: {times}")


def spread(figures: list[float]) -> str:
    """Write median (least .. greatest)."""
    return f"{median(figures):.3g} ({min(figures):.3g} .. {max(figures):.3g})"


if __name__ == "__main__":
    main()
