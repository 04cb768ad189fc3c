"""Where the search starts: the walk of the tree, greedy fragments, or a space-filling curve.

Each start goes through the same descent to a local minimum and the same kicks. The curve is Hilbert's,
through the first principal components; its index is computed after Skilling 2004.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from benchmarks.measure import Options, Trial, report, timed
from benchmarks.stages import Rows, Vectors, default_settings, order, path_length
from benchmarks.vectors import Source
from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.search.greedy import greedy_path
from scripts.lib.ordering.search.kicks import SearchSettings
from scripts.lib.ordering.search.local_search import Search
from scripts.lib.ordering.search.two_opt import cut_open, make_search, renumber, run
from scripts.lib.ordering.vectors import float_blocks, sample_rows

SIZES = (10_000, 100_000)
DIMENSION = 256
COMPONENTS = 3
BITS = 10  # of each coordinate along the curve
SAMPLE = 10_000  # vectors that principal components are computed from

Coordinates = npt.NDArray[np.int64]


def print_starts(options: Options) -> None:
    """Print for each start its length, and what descent and kicks make of it."""
    print("Seconds of each line alone; lengths over that of greedy fragments after descent and kicks.")
    print("The walk of the tree is needed for the fragments, too: it is what strings them together.")
    print()
    source = Source("made", None, DIMENSION)
    for size in map(options.scaled, SIZES):
        sets = (source.draw(size, seed) for seed in range(options.runs))
        trials = [compare_starts(vectors, options.threads) for vectors in sets]
        report(f"made, {size:,} vectors of {DIMENSION} dimensions", trials, "fragments, kicks")


def compare_starts(vectors: Vectors, threads: int) -> Trial:
    """Search from each start."""
    ordered, stages = order(vectors, threads)
    fragments, making = timed(lambda: greedy_path(ordered.graph, ordered.walk))
    curve, projecting = timed(lambda: curve_order(vectors))
    starts = {"walk": ordered.walk, "fragments": fragments, "curve": curve}
    seconds = {"walk": stages.seconds["traverse"], "fragments": making, "curve": projecting}
    trial = Trial()
    for name, start in starts.items():
        trial.seconds[name], trial.lengths[name] = seconds[name], path_length(vectors, start)
        add_search(trial, name, vectors, ordered.graph, start)
    return trial


def add_search(trial: Trial, name: str, vectors: Vectors, graph: NeighborGraph, start: Rows) -> None:
    """Search as `refine` does, but from this start, whatever its length; add descent and kicks."""
    settings = default_settings().two_opt
    without_kicks = replace(settings, kicks_per_node=0.0)
    moved, moved_graph, places = renumber(vectors, graph, start)
    search = make_search(moved, moved_graph, places[start], settings)
    for step, part in (("descent", without_kicks), ("kicks", settings)):
        _, trial.seconds[f"{name}, {step}"] = timed(lambda part=part: go_on(search, part))
        trial.lengths[f"{name}, {step}"] = path_length(vectors, start[cut_open(search.tour)])


def go_on(search: Search, settings: SearchSettings) -> None:
    """Descend as far as there is to go, then try the kicks."""
    run(search, settings, 0, lambda steps: None, None)


def curve_order(vectors: Vectors) -> Rows:
    """Return the vectors in the order of Hilbert's curve through their principal components: (n,) int32."""
    projected = project(vectors)
    low, high = projected.min(axis=0), projected.max(axis=0)
    scaled = (projected - low) / np.maximum(high - low, np.finfo(np.float32).tiny)
    cells = np.minimum((scaled * (1 << BITS)).astype(np.int64), (1 << BITS) - 1)
    return np.argsort(hilbert_index(cells), kind="stable").astype(np.int32)


def project(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Return the coordinates along the first principal components: (n, COMPONENTS) float64."""
    sample = vectors[sample_rows(len(vectors), SAMPLE, 0)].astype(np.float64)
    _, directions = np.linalg.eigh(np.cov(sample, rowvar=False))  # the largest last
    main = directions[:, : -COMPONENTS - 1 : -1]
    return np.concatenate([block @ main for _, block in float_blocks(vectors)])


def hilbert_index(cells: Coordinates) -> Coordinates:
    """Return how far along Hilbert's curve each cell of a grid lies.

    cells : (n, c) int64, coordinates from 0 to 2 ** BITS - 1
    returns : (n,) int64
    """
    axes = cells.T.copy()  # (c, n)
    for bit in 1 << np.arange(BITS - 1, 0, -1):
        for axis in axes:  # turn the part of the grid in which a cell lies
            swapped = np.where(axis & bit, 0, (axes[0] ^ axis) & (bit - 1))
            axes[0] ^= np.where(axis & bit, bit - 1, swapped)
            axis ^= swapped
    for one, other in pairwise(axes):  # Gray code
        other ^= one
    turned = np.zeros_like(axes[0])
    for bit in 1 << np.arange(BITS - 1, 0, -1):
        turned ^= np.where(axes[-1] & bit, bit - 1, 0)
    axes ^= turned
    index = np.zeros_like(axes[0])
    for bit in range(BITS - 1, -1, -1):
        for axis in axes:
            index = index << 1 | axis >> bit & 1
    return index
