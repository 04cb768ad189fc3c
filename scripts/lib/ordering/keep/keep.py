"""An order that is kept: what is new goes in where it costs least, everything else stays.

New rows are inserted into what remains of the former path (`insertion`). Where many of them stand
together, a group that the former path did not know, they are searched like a path of their own
(`long_runs`). Then the search repairs the path around new rows and around the gaps that removed ones
left (`repair`).
"""

from dataclasses import replace
from typing import Any, NamedTuple

from scripts.lib.ordering.graph.neighbors import NeighborGraph
from scripts.lib.ordering.keep.displacement import count_displaced, turned_like
from scripts.lib.ordering.keep.insertion import insert_all
from scripts.lib.ordering.keep.kept_order import Remains
from scripts.lib.ordering.keep.long_runs import order_long_runs
from scripts.lib.ordering.keep.repair import disturbed_places, is_new, repair
from scripts.lib.ordering.measure.quality import path_length
from scripts.lib.ordering.search.ends import beginning_with, directed
from scripts.lib.ordering.search.kicks import SearchSettings
from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.vectors import Ints, Vectors


class KeptPath(NamedTuple):
    """A path made from a former one.

    path : (n,) int32, a permutation
    kept : rows that were in the former path
    inserted : rows that were not
    removed : items of the former path that are gone
    displaced : the least number of kept rows whose moves lead from the former order to this one
    """

    path: Ints
    kept: int
    inserted: int
    removed: int
    displaced: int


class KeptReport(NamedTuple):
    """What became of a kept order, and what keeping it cost.

    kept, inserted, removed, displaced : see `KeptPath`
    length : of the kept path
    fresh_length : of a path that was made anew; None where none was
    """

    kept: int
    inserted: int
    removed: int
    displaced: int
    length: float
    fresh_length: float | None

    @property
    def cost(self) -> float | None:
        """Return the excess over the fresh length, as a share of it; None where that is zero or unknown."""
        return (self.length - self.fresh_length) / self.fresh_length if self.fresh_length else None

    def as_json(self) -> dict[str, Any]:
        """Return the figures as a plain dictionary."""
        return self._asdict() | {"cost": self.cost}

    def sentence(self) -> str:
        """Tell the user."""
        against = ""
        if self.cost is not None:
            against = f"; {abs(self.cost):.2%} {'longer' if self.cost >= 0 else 'shorter'} than a fresh order"
        return (
            f"kept the order of {self.kept:,} items: {self.inserted:,} inserted, {self.removed:,} removed, "
            f"{self.displaced:,} displaced{against}"
        )


def keep_order(
    vectors: Vectors,
    graph: NeighborGraph,
    tree: Edges,
    remains: Remains,
    settings: SearchSettings | None = None,
) -> KeptPath:
    """Make a path through all vectors from what remains of a former one.

    It runs the way the former one ran. Where nothing is new and nothing is gone, it is the former
    path, bit for bit. With `settings.first` it begins with that row, in whichever way it ran.

    vectors : (n, d) float16 or float32, may be a memory map
    tree : (n - 1,) MST_EDGE, a spanning tree
    """
    settings, former = settings or SearchSettings(), remains.path
    path = insert_all(vectors, graph, tree, former)
    path = order_long_runs(vectors, graph, path, is_new(path, former), replace(settings, first=None))
    path = beginning_with(path, settings.first)
    path = repair(vectors, graph, path, disturbed_places(path, remains), settings)
    path = turned_like(path, former) if settings.first is None else directed(path, settings.first)
    displaced = count_displaced(path, former)
    return KeptPath(path, len(former), len(path) - len(former), remains.removed, displaced)


def kept_report(vectors: Vectors, kept: KeptPath, fresh: Ints | None) -> KeptReport:
    """Say what became of a kept order, and what keeping it cost against a fresh path, if there is one."""
    length = path_length(vectors, kept.path)
    fresh_length = None if fresh is None else path_length(vectors, fresh)
    return KeptReport(kept.kept, kept.inserted, kept.removed, kept.displaced, length, fresh_length)
