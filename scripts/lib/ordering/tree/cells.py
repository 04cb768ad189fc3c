"""Islands cut into cells: some vectors that lie next to each other in their island's tree.

A walk along the tree visits near vectors one after another; a run of it is a cell. That takes no
look at the vectors, and bounds the size of a cell even where thousands of vectors are equal.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.compiled import compiled
from scripts.lib.ordering.metric import kernel_view, widen
from scripts.lib.ordering.tree.edges import Edges, edge_table
from scripts.lib.ordering.vectors import Ints, Vectors

Longs = npt.NDArray[np.int64]

CELL_SIZE = 128
BLOCK_CELLS = 128


class Cells(NamedTuple):
    """Vectors in cells: those of cell c stand in starts[c] : starts[c + 1] of the members.

    members : (n,) int32
    starts : (cells + 1,) int64
    islands : (cells,) int32, the island that each cell is a part of
    """

    members: Ints
    starts: Longs
    islands: Ints


def cut_into_cells(forest: Edges, islands: Ints) -> Cells:
    """Cut each island into as few cells of almost equal size as there must be.

    forest : edges that span each island
    islands : (n,) int32, the number of each vector's island
    """
    walk = walk_forest(forest, islands)
    members = walk[np.argsort(islands[walk], kind="stable")]
    sizes = np.bincount(islands)
    cells = -(-sizes // CELL_SIZE)  # of each island
    owners = np.repeat(np.arange(len(sizes)), cells)  # (cells,)
    nth = np.arange(len(owners)) - np.repeat(cells.cumsum() - cells, cells)
    starts = (sizes.cumsum() - sizes)[owners] + nth * sizes[owners] // cells[owners]
    return Cells(members, np.append(starts, len(members)), owners.astype(np.int32))


def walk_forest(forest: Edges, islands: Ints) -> Ints:
    """Return all vectors in the order of a depth-first walk: (n,) int32."""
    # It imports this package's spanning tree.
    from scripts.lib.ordering.tree.traverse import traverse

    first = np.unique(islands, return_index=True)[1].astype(np.int32)
    hub = np.full(len(first) - 1, first[0])
    ties = edge_table(hub, first[1:], np.zeros(len(hub), np.float32))  # make a tree of the forest
    return traverse(np.concatenate([forest, ties]), len(islands))


def centroids(vectors: Vectors, cells: Cells) -> Vectors:
    """Return the mean of each cell: (cells, d), of the vectors' type."""
    sizes = np.diff(cells.starts)[:, np.newaxis]
    means = np.empty((len(sizes), vectors.shape[1]), vectors.dtype)
    for at in range(0, len(sizes), BLOCK_CELLS):
        block = slice(at, at + BLOCK_CELLS)
        sums = np.zeros(means[block].shape, np.float32)
        add_up(kernel_view(vectors), cells, at, sums)
        means[block] = sums / sizes[block]
    return means


@compiled
def add_up(vectors: Vectors, cells: Cells, first: int, sums: npt.NDArray[np.float32]) -> None:
    """Add up the vectors of each of some cells in a row.

    sums : (c, d) float32, of cells first : first + c; written
    """
    for line in range(sums.shape[0]):
        for place in range(cells.starts[first + line], cells.starts[first + line + 1]):
            row = cells.members[place]
            for column in range(sums.shape[1]):
                sums[line, column] += widen(vectors[row, column])
