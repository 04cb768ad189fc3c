"""How measurements of the ordering are taken and printed: options, clocks, memory, tables."""

import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Options:
    """How often to measure, how large, and what.

    long_runs : runs of what takes minutes
    scale : every number of vectors is multiplied by it
    lkh_limit : the most vectors that LKH is given
    files : `.npy` files with vectors to draw from
    """

    runs: int = 3
    long_runs: int = 1
    threads: int = 2
    scale: float = 1.0
    lkh_limit: int = 2000
    files: tuple[Path, ...] = ()

    def scaled(self, size: int) -> int:
        """Return a number of vectors at the scale of these options."""
        return max(1, round(size * self.scale))


@dataclass
class Trial:
    """One set of vectors, ordered by several methods: seconds and lengths by the method's name."""

    seconds: dict[str, float] = field(default_factory=dict)
    lengths: dict[str, float] = field(default_factory=dict)

    def excess(self, method: str, reference: str) -> float | None:
        """Return how much longer than the reference a path is, in %; None where either is unknown."""
        if method not in self.lengths or not self.lengths.get(reference):
            return None
        return 100 * (self.lengths[method] / self.lengths[reference] - 1)


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Return what the work returns, and its wall time in seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def in_own_process(work: Callable[..., Result], *arguments: Any) -> Result:
    """Return what the work returns in a fresh process, whose memory it has to itself."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def peak_memory() -> float:
    """Return the most memory that this process has held, in GB; pages of memory maps count.

    Linux hands `ru_maxrss` down from the process that started this one, but not `VmHWM`.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def spread(figures: Iterable[float | None], form: str = ".3g") -> str:
    """Write the median (least .. greatest), or the one figure that is known; without any, nothing."""
    known = sorted(figure for figure in figures if figure is not None)
    if len(known) < 2:
        return format(known[0], form) if known else ""
    return f"{format(median(known), form)} ({format(known[0], form)} .. {format(known[-1], form)})"


def times(runs: int) -> str:
    """Write how often something is done."""
    return "once" if runs == 1 else f"{runs} times"


def report(title: str, trials: Sequence[Trial], reference: str) -> None:
    """Print seconds and lengths of each method, the latter over those of the reference in the same trial."""
    methods = dict.fromkeys(name for each in trials for name in (*each.seconds, *each.lengths))
    rows = [("", "seconds", f"length over {reference}, %")]
    for name in methods:
        seconds = spread(each.seconds[name] for each in trials if name in each.seconds)
        excess = spread((each.excess(name, reference) for each in trials), "+.2f")
        rows.append((name, seconds, "" if name == reference else excess))
    print(title)
    print_table(rows)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns as wide as they need to be, and an empty line after them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  " + "   ".join(cells).rstrip())
    print(flush=True)
