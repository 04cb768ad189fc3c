"""The neighbour graph as a later run needs it: with the content id of each of its rows.

It only saves a search. So one that is missing, truncated or of another kind is as good as none.
"""

import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.ordering.graph.neighbors import NeighborGraph, read_graph


class KeptGraph(NamedTuple):
    """A neighbour graph and whose neighbours it lists.

    ids : (n,) S32, a content id of each row
    """

    graph: NeighborGraph
    ids: npt.NDArray[np.bytes_]


def write_kept_graph(path: Path, kept: KeptGraph) -> None:
    """Replace the kept graph in one step."""
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, content_ids=kept.ids, **kept.graph._asdict())


def read_kept_graph(path: Path) -> KeptGraph | None:
    """Read the kept graph; None where there is none that can be used."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as fields:
            ids = fields["content_ids"]
        graph = read_graph(path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    fits = graph.indices.shape == graph.distances.shape and len(graph.indices) == len(ids)
    return KeptGraph(graph, ids) if fits and ids.dtype == ID_DTYPE else None
