"""Near-duplicates: vectors that lie much closer together than the collection usually does.

They are told from the spanning tree alone. Its edges up to a threshold join exactly those vectors between
which there is a way of steps up to the threshold: the groups of single linkage (Gower and Ross 1969).
"""

from typing import NamedTuple

import numpy as np

from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.tree.forest import label_islands
from scripts.lib.ordering.vectors import Ints

SHARE = 0.25  # of an ordinary edge: re-encoded, resized and slightly edited photos lie below, others above
ORDINARY = 0.9  # the quantile of the edges that is one, though most vectors may have near-duplicates


class NearDuplicates(NamedTuple):
    """Groups of near-duplicates, and whether a path keeps them together.

    threshold : distance up to which two vectors are near-duplicates
    groups : number of groups of two and more
    items : vectors in them
    contiguous : groups that stand in one stretch of the path
    """

    threshold: float
    groups: int
    items: int
    contiguous: int


def near_duplicates(tree: Edges, path: Ints) -> NearDuplicates:
    """Find the groups, and count those that a path keeps together.

    tree : (n - 1,) MST_EDGE, spanning
    path : (n,) int32, a permutation
    """
    labels = near_duplicate_labels(tree, len(path))
    sizes = np.bincount(labels, minlength=1)
    spans = _spans(labels[path], len(sizes))
    group = sizes > 1
    together = int((spans[group] == sizes[group]).sum())
    return NearDuplicates(near_distance(tree), int(group.sum()), int(sizes[group].sum()), together)


def near_duplicate_labels(tree: Edges, n: int) -> Ints:
    """Return the group of each vector, most of which are alone in theirs: (n,) int32."""
    return label_islands(tree[tree["distance"] <= near_distance(tree)], n)


def near_distance(tree: Edges) -> float:
    """Return the distance up to which vectors are near-duplicates: a share of an ordinary edge."""
    return SHARE * float(np.quantile(tree["distance"], ORDINARY)) if len(tree) else 0.0


def _spans(labels: Ints, count: int) -> Ints:
    """Return the number of places from the first to the last of each label.

    labels : (n,) int32, along the path
    """
    first, last = np.full(count, len(labels)), np.full(count, -1)
    places = np.arange(len(labels))
    np.minimum.at(first, labels, places)
    np.maximum.at(last, labels, places)
    spans: Ints = (last - first + 1).astype(np.int32)
    return spans
