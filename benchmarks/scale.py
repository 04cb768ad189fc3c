"""How long it takes from vectors to path: 60,000 against the classical way, and up to a million.

The million, and the tenth of it that tells how time grows, are ordered in processes of their own, from a
memory map as in the workflow, so that their peak memory is theirs alone. What the map brings into memory
counts.
"""

import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from benchmarks.baseline import classical_order
from benchmarks.measure import Options, Trial, in_own_process, peak_memory, report, spread, times
from benchmarks.stages import add_bound, add_method, order, warm_up
from benchmarks.vectors import Source, write_vectors

CLASSICAL_SIZE, CLASSICAL_DIMENSION = 60_000, 416
SMALLER, LARGER, DIMENSION = 100_000, 1_000_000, 256


class Apart(NamedTuple):
    """What a process of its own has measured.

    memory : peak, GB, to the path and to the bound
    search : how neighbours were found
    bound : the kind of the lower bound
    """

    trial: Trial
    memory: tuple[float, float]
    search: str
    bound: str


def print_classical(options: Options) -> None:
    """Print times and lengths of our path and the classical one."""
    size = options.scaled(CLASSICAL_SIZE)
    print(f"Ours {times(options.runs)}; the classical way, which takes minutes, {times(options.long_runs)}.")
    print("Goals: 10 s in sum, a path shorter than the classical one by 5 %.")
    print()
    source = Source("made", None, CLASSICAL_DIMENSION)
    trials = [against_classical(source, size, seed, options) for seed in range(options.runs)]
    report(f"made, {size:,} vectors of {CLASSICAL_DIMENSION} dimensions", trials, "classical")


def against_classical(source: Source, size: int, seed: int, options: Options) -> Trial:
    """Order the vectors our way, and as often as wanted the classical way."""
    vectors = source.draw(size, seed)
    _, trial = order(vectors, options.threads)
    if seed < options.long_runs:
        wide = vectors.astype(np.float32)
        add_method(trial, "classical", vectors, lambda: classical_order(wide))
    return trial


def print_growth(options: Options) -> None:
    """Print times and memory for a million vectors, and how they grow from a tenth of it."""
    smaller, larger = options.scaled(SMALLER), options.scaled(LARGER)
    print(f"{larger:,} vectors {times(options.long_runs)}, {smaller:,} {times(options.runs)}.")
    print("Goals: 600 s in sum and 12 GB for the million.")
    print()
    few = [measure_apart(smaller, seed, options.threads) for seed in range(options.runs)]
    print_apart(smaller, few)
    many = [measure_apart(larger, seed, options.threads) for seed in range(options.long_runs)]
    print_apart(larger, many)
    sums = [median(each.trial.seconds["sum"] for each in runs) for runs in (few, many)]
    print(f"The sum grows {sums[1] / sums[0]:.1f}-fold from {smaller:,} to {larger:,} vectors (goal 12).")


def measure_apart(size: int, seed: int, threads: int) -> Apart:
    """Make vectors in a file and order them in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "vectors.npy")
        write_vectors(file, size, DIMENSION, seed)
        return in_own_process(order_file, file, threads)


def order_file(file: Path, threads: int) -> Apart:
    """Order the vectors of a file; bound the path afterwards."""
    vectors = np.load(file, mmap_mode="r")
    warm_up(vectors, threads)
    ordered, trial = order(vectors, threads)
    memory = peak_memory()
    bound = add_bound(trial, vectors, ordered.graph, threads)
    search = f"{ordered.graph.method}, recall {ordered.graph.recall:.3f}"
    return Apart(trial, (memory, peak_memory()), search, bound)


def print_apart(size: int, runs: list[Apart]) -> None:
    """Print what processes of their own have measured."""
    memory, with_bound = (spread(figures) for figures in zip(*(each.memory for each in runs), strict=True))
    title = f"made, {size:,} vectors of {DIMENSION} dimensions, bound {runs[0].bound}"
    print(f"neighbours: {runs[0].search}; peak memory {memory} GB, {with_bound} GB with the bound")
    report(title, [each.trial for each in runs], "bound")
