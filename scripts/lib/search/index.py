"""The index that a sort keeps, searched for one query at a time.

It was made when everything was searched the last time. Its rows are matched with the present ones by content
id; vectors that came since are few, and are compared one by one.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.lib.ordering.graph.candidates import single_threaded
from scripts.lib.ordering.graph.graph_update import change_of_rows
from scripts.lib.ordering.graph.indexes import Dial
from scripts.lib.ordering.graph.kept_index import KeptIndex, read_kept_index
from scripts.lib.ordering.vectors import Floats, Ints
from scripts.lib.search.nearest import scanned

TRIED = 16  # rows that an index must find, or it was made of other vectors
LEAST_WIDTH, WIDER = 128, 4  # candidates: at least so many, and so many times those wanted
FURTHER = 4  # than the sort, which searches for every image, an index is searched for one


class SearchIndex:
    """An index of some of the vectors, and the present rows of what is in it.

    present : (m,) int32, -1 for what is gone
    new : (q,) int32, the rows that are not in it, ascending
    """

    def __init__(self, kept: KeptIndex, present: Ints, new: Ints) -> None:
        self.index, self.present, self.new = kept.proposer.index, present, new
        self.dial = Dial(self.index)
        self.dial.set(FURTHER * max(self.dial.value, kept.proposer.width))

    def propose(self, vectors: npt.NDArray[Any], query: Floats, width: int) -> Ints:
        """Return rows that are likely among the `width` nearest, distinct, in no order."""
        wanted = min(max(LEAST_WIDTH, WIDER * width), self.index.ntotal)
        with single_threaded():  # threads would wait for each other longer than one query takes
            rows = self.index.search(query[np.newaxis], wanted)[1][0]
        rows = self.present[rows[rows >= 0]]
        more = scanned(vectors, self.new, query, width, by_direction=False)
        return np.concatenate([rows[rows >= 0], more]).astype(np.int32)


def open_index(path: Path, vectors: npt.NDArray[Any], ids: npt.NDArray[np.bytes_]) -> SearchIndex | None:
    """Return the kept index of some vectors; None where there is none, or it was made of others.

    ids : (n,) S32, a content id of each vector
    """
    kept = read_kept_index(path, to_device=lambda index: index)  # cards are left to sorts
    if kept is None or kept.proposer.index.d != vectors.shape[1]:
        return None
    change = change_of_rows(kept.ids, ids)
    index = SearchIndex(kept, change.carried, change.new.astype(np.int32))
    return index if _finds_its_own(index, vectors) else None


def _finds_its_own(index: SearchIndex, vectors: npt.NDArray[Any]) -> bool:
    there = index.present[index.present >= 0]
    tried = there[:: max(1, len(there) // TRIED)]
    found = [row in index.propose(vectors, vectors[row].astype(np.float32), 1) for row in tried.tolist()]
    return len(found) > 0 and float(np.mean(found)) > 0.5
