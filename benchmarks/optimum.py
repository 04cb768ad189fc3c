"""How far from the shortest path: over LKH's where LKH can be run, over a lower bound beyond.

LKH's paths through some thousand vectors are the shortest that anyone finds. Where it would take hours, a
bound says how much longer than the shortest ours can be, and a search of our own that is ten times as
long says how much was left to find.
"""

import numpy as np

from benchmarks.baseline import classical_order
from benchmarks.lkh import has_lkh, lkh_path
from benchmarks.measure import Options, Trial, report
from benchmarks.stages import Vectors, add_bound, add_method, default_settings, order, two_opt
from benchmarks.vectors import sources

SIZES = (1000, 2000, 5000)
GAP_SIZES = (10_000, 60_000)
GAP_DIMENSION = 416
TIMES = 10  # the length of the long search
LONG_SEARCH_LIMIT = 10_000  # vectors


def print_excess(options: Options) -> None:
    """Print how much longer than LKH's our walk, our path and the classical path are."""
    print("Lengths over LKH's; two_opt is the search, what stands above it prepares it.")
    print("Goals for two_opt: 0.5 % in 2 s at 1,000 and 2,000 vectors, 0.7 % in 5 s at 5,000.")
    if not has_lkh():
        print("LKH is not installed (elkai, in the extra bench): lengths are over the classical path's.")
    wanted = [options.scaled(size) for size in SIZES]
    sizes = [size for size in wanted if size <= options.lkh_limit]
    for size in wanted[len(sizes) :]:
        print(f"{size:,} vectors are left out: LKH takes minutes for them (--lkh-limit {size}).")
    print()
    for source in sources(options.files):
        for size in source.sizes(sizes):
            sets = (source.draw(size, seed) for seed in range(options.runs))
            trials = [against_others(vectors, options.threads) for vectors in sets]
            report(f"{source.name}, {size:,} vectors", trials, "LKH" if has_lkh() else "classical")


def against_others(vectors: Vectors, threads: int) -> Trial:
    """Order the vectors our way, the classical way, and by LKH; bound them all from below."""
    ordered, trial = order(vectors, threads)
    add_method(trial, "classical", vectors, lambda: classical_order(vectors.astype(np.float32)))
    if has_lkh():
        add_method(trial, "LKH", vectors, lambda: lkh_path(vectors))
    add_bound(trial, vectors, ordered.graph, threads)
    return trial


def print_gaps(options: Options) -> None:
    """Print how much longer than the shortest our path is at most, and what a longer search leaves."""
    print(f"Lengths over the lower bound: the certified gap; goal 3 %. two_opt x {TIMES} is the search with")
    print(f"{TIMES} times the effort, up to {options.scaled(LONG_SEARCH_LIMIT):,} vectors.")
    print()
    sizes = [options.scaled(size) for size in GAP_SIZES]
    for source in sources(options.files, GAP_DIMENSION):
        for size in source.sizes(sizes):
            sets = (source.draw(size, seed) for seed in range(options.runs))
            trials, kinds = zip(*(against_bound(vectors, options) for vectors in sets), strict=True)
            report(f"{source.name}, {size:,} vectors, bound {kinds[0]}", trials, "bound")


def against_bound(vectors: Vectors, options: Options) -> tuple[Trial, str]:
    """Order the vectors, search longer, and bound every path from below; say what the bound is worth."""
    ordered, trial = order(vectors, options.threads)
    if len(vectors) <= options.scaled(LONG_SEARCH_LIMIT):
        longer = default_settings().two_opt.with_effort(TIMES)
        add_method(trial, f"two_opt x {TIMES}", vectors, lambda: two_opt(vectors, ordered, longer))
    return trial, add_bound(trial, vectors, ordered.graph, options.threads)
