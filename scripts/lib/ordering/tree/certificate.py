"""Which edges of a tree belong to the Euclidean minimum spanning tree, proven.

The shortest link that leaves a set of vectors is an edge of a minimum spanning tree (the cut
property); and where the set is a component of edges already proven, it is one of the same tree, ties
or not. So go through the tree's edges by length and let A be the component of proven edges at one
end of an edge of length w. It is proven if w is at most the reach of every vector of A, that is if
no unlisted link that leaves A is shorter. A listed one is not shorter either: its two ends would be
connected in the tree by edges shorter than w, since the tree is minimal on the listed links; one of
these edges leaves A, so it was not proven when its turn came; so it was longer than the least
reach of a part of A, and all the more than that of A, which is at least w.

An edge that isn't proven joins nothing: components of proven edges alone count.

Edges found by exact search of all pairs are the shortest that leave an island, and proven for that
reason: islands are never crossed by other proven edges. Where such edges tie, a circle of islands
each naming the next one loses one of its edges, no matter which.
"""

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.tree.edges import Edges, Links, columns
from scripts.lib.ordering.tree.forest import find
from scripts.lib.ordering.tree.reach import Doubles
from scripts.lib.ordering.vectors import Ints

Flags = npt.NDArray[np.bool_]


def certify(tree: Edges, searched: Flags, reach: Doubles) -> Flags:
    """Tell which edges are proven to belong to one Euclidean minimum spanning tree.

    Proven for the lengths that `metric.distance` gives, which are the true ones to within rounding.

    tree : (m,) MST_EDGE, sorted by distance; minimal on a set of links
    searched : (m,) bool, edges known to be the shortest that leave an island
    reach : (n,) float64, what no link outside that set falls below, for each end
    returns : (m,) bool
    """
    proven = searched.copy()
    prove(columns(tree), reach.copy(), np.arange(len(reach), dtype=np.int32), proven)
    return proven


@compiled
def prove(links: Links, reach: Doubles, parents: Ints, proven: Flags) -> None:
    """Go through the links in this order and join the components of proven ones.

    reach : (n,) float64, written: at a component's root the least of its nodes'
    parents : (n,) int32, each node its own; written
    proven : (m,) bool, written
    """
    for link in range(links.sources.size):
        one, other = find(parents, links.sources[link]), find(parents, links.targets[link])
        if proven[link] or links.lengths[link] <= max(reach[one], reach[other]):
            proven[link] = True
            parents[max(one, other)] = min(one, other)
            reach[min(one, other)] = min(reach[one], reach[other])
