"""Stage `labels`: a hierarchical label for each image."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from scripts.lib.clustering.item_tree import item_tree
from scripts.lib.clustering.space import cluster_space
from scripts.lib.embedding.gather import Items
from scripts.lib.labels.kept_labels import Labels, complete, fresh, kept_for
from scripts.lib.labels.label_tree import ALPHABET, tree_labels
from scripts.lib.labels.leaf_order import oriented
from scripts.lib.ordering.tree.edges import Edges
from scripts.lib.ordering.vectors import Vectors

Progress = Callable[[int], object]


class LabelSettings(NamedTuple):
    """How labels are made.

    memory : bytes that the vectors, and as much again for the nodes of the tree, may take
    """

    symbols: int = 8
    memory: float = 4e9
    seed: int = 0


class Labelled(NamedTuple):
    """The labels, and how many images were put among those that had one; None if all labels are new."""

    labels: Labels
    put_in: int | None


def make_labels(
    vectors: Vectors, settings: LabelSettings, progress: Progress = lambda rows: None
) -> Labelled:
    """Return new labels of all images, from Ward's tree.

    vectors : (n, d) float16 or float32
    """
    if len(vectors) < 2:
        return Labelled(fresh([ALPHABET[0]] * len(vectors)), None)
    space = cluster_space(vectors, "none", settings.memory / 2, settings.seed)
    tree = oriented(item_tree(space, "ward", settings.seed, progress), space)
    return Labelled(fresh(tree_labels(tree, settings.symbols)), None)


def keep_labels(
    items: Items, former: tuple[np.ndarray, Labels] | None, tree: Edges, symbols: int
) -> Labelled | None:
    """Return the former labels with those of new images among them; None where all are to be made anew.

    former : content ids, (m,) S32, and their labels, of the last run
    tree : (n - 1,) MST_EDGE
    """
    labels = kept_for(items, *former) if former and len(items.rows) else None
    return None if labels is None else Labelled(labels, complete(labels, tree, symbols))


def labels_table(labels: Labels) -> pa.Table:
    """Return the table `labels.parquet`: a row an item, in the order of the vectors."""
    return pa.table({"label": pa.array(labels.labels, pa.string())})
