"""The graph of nearest neighbours as it is handed on and kept, whoever has found them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from scripts.lib.ordering.vectors import Floats, Ints


class NeighborGraph(NamedTuple):
    """The nearest neighbours of each vector, itself left out, rows sorted by (distance, index).

    indices : (n, k) int32
    distances : (n, k) float32, Euclidean
    recall : share of the true neighbours found, measured on a sample; 1.0 where search is exact
    method : how they were found, in words
    """

    indices: Ints
    distances: Floats
    recall: float
    method: str


def read_graph(path: Path) -> NeighborGraph:
    """Read a graph from the fields of a `.npz` file."""
    with np.load(path, allow_pickle=False) as fields:
        return NeighborGraph(
            fields["indices"], fields["distances"], float(fields["recall"]), str(fields["method"])
        )
