"""Where vectors lie in the store, as columns: a million of them take 40 MB."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from scripts.lib.files.content_ids import ID_DTYPE, positions_in


@dataclass(frozen=True)
class Places:
    """Where vectors lie.

    ids : (n,) S32, ascending, each once
    parts : (n,) int32, rows of `names`
    rows : (n,) int32, within the part
    names : the file names of the parts
    """

    ids: np.ndarray
    parts: np.ndarray
    rows: np.ndarray
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, which: np.ndarray) -> "Places":
        """Return some of the places: by a mask (n,) bool, or by rows (m,) int."""
        return replace(self, ids=self.ids[which], parts=self.parts[which], rows=self.rows[which])

    def by_part(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield the name of each part in which something lies, and which of the places do: (m,) int64."""
        order = np.argsort(self.parts, kind="stable")
        bounds = np.searchsorted(self.parts[order], np.arange(len(self.names) + 1))
        for name, (start, stop) in zip(self.names, pairwise(bounds.tolist()), strict=True):
            if start < stop:
                yield name, order[start:stop]

    def without(self, ids: np.ndarray) -> np.ndarray:
        """Return those of the ids (m,) S32 that lie nowhere."""
        return ids[positions_in(self.ids, ids) < 0]


NOWHERE = Places(np.empty(0, ID_DTYPE), np.empty(0, np.int32), np.empty(0, np.int32), ())


def part_places(name: str, ids: np.ndarray) -> Places:
    """Return the places of the vectors of one part, whose rows have these ids (m,) S32."""
    rows = np.arange(len(ids), dtype=np.int32)
    return joined([Places(ids, np.zeros_like(rows), rows, (name,))])


def joined(several: Sequence[Places]) -> Places:
    """Return all places; where a content lies in several, the last counts. Names are sorted."""
    several = [NOWHERE, *several]
    given = np.array([name for each in several for name in each.names], object)
    names, number = np.unique(given, return_inverse=True)
    first = np.cumsum([0, *(len(each.names) for each in several)])
    parts = [number[each.parts + start] for each, start in zip(several, first[:-1], strict=True)]
    union = Places(
        ids=np.concatenate([each.ids for each in several]),
        parts=np.concatenate(parts).astype(np.int32),
        rows=np.concatenate([each.rows for each in several]),
        names=names.tolist(),
    )
    order = np.argsort(union.ids, kind="stable")
    last = np.ones(len(order), bool)
    last[:-1] = union.ids[order[1:]] != union.ids[order[:-1]]
    return union.select(order[last])
