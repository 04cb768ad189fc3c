"""Which files pass the filters of the map.

Filters come from a browser, as JSON: whatever does not fit is refused. Names never travel; groups and folders
are told by number.
"""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.dashboard.map.reading import integer, integers, number, text
from scripts.lib.ordering.vectors import Ints
from scripts.lib.view.snapshot import Snapshot

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Filters:
    """What a file has to have; all of it.

    clusters : one of these numbers, -1 for none; all if empty
    category : a column of the probabilities, which has to be at least `probability`
    path : what its path has to contain, whatever the case
    folder : a row of `folder_names`, in which or below which it has to lie
    label : what its label has to begin with
    """

    clusters: tuple[int, ...] = ()
    category: int | None = None
    probability: float = 0.0
    path: str = ""
    folder: int | None = None
    label: str = ""

    @classmethod
    def read(cls, given: Any) -> "Filters":
        """Return what a browser sent.

        Raises
        ------
        ValueError
            where it is no such thing.
        """
        values = dict(given or {})
        category = integer(values.get("category"))
        return cls(
            clusters=integers(values.get("clusters")),
            category=category,
            probability=0.0 if category is None else number(values.get("probability")),
            path=text(values.get("path")),
            folder=integer(values.get("folder")),
            label=text(values.get("label")),
        )


def folder_names(snapshot: Snapshot) -> list[str]:
    """Return the folders with files in them or below them, by name; none above what all have in common."""
    found = snapshot.folders.names
    common = os.path.commonpath(found) if len({name[:1] for name in found}) == 1 else ""
    names: set[str] = set()
    for name in found:
        while len(name) >= len(common) and name and name not in names:
            names.add(name)
            name = name.rpartition("/")[0]
    return sorted(names)


def passing(snapshot: Snapshot, filters: Filters, folders: list[str]) -> Mask:
    """Return which files pass: (n,) bool."""
    passes = np.ones(len(snapshot), np.bool_)
    if filters.clusters and snapshot.clusters is not None:
        passes &= in_groups(snapshot.clusters.codes, filters.clusters)
    if filters.category is not None and snapshot.probabilities is not None:
        passes &= _is_probable(snapshot, filters.category, filters.probability)
    if filters.path:
        passes &= _told(pc.match_substring(snapshot.order["path"], filters.path, ignore_case=True))
    if filters.folder is not None and 0 <= filters.folder < len(folders):
        passes &= _lies_in(snapshot, folders[filters.folder])
    if filters.label and snapshot.labels is not None:
        passes &= _told(pc.starts_with(snapshot.labels, filters.label))
    return passes


def in_groups(codes: Ints, wanted: tuple[int, ...]) -> Mask:
    """Return which codes are wanted: (n,) bool."""
    size = int(codes.max(initial=-1)) + 2  # the last row is that of code -1
    is_wanted = np.zeros(size, np.bool_)
    is_wanted[[code for code in wanted if -1 <= code < size - 1]] = True
    chosen: Mask = is_wanted[codes]
    return chosen


def _is_probable(snapshot: Snapshot, category: int, least: float) -> Mask:
    table = snapshot.probabilities
    if table is None or not 0 <= category < table.shape[1]:
        return np.ones(len(snapshot), np.bool_)
    chosen: Mask = (table[:, category] >= np.float16(least))[snapshot.items]
    return chosen


def _lies_in(snapshot: Snapshot, folder: str) -> Mask:
    names = snapshot.folders.names
    wanted = np.array([f"{name}/".startswith(f"{folder}/") for name in names], np.bool_)
    chosen: Mask = wanted[snapshot.folders.codes]
    return chosen


def _told(answers: pa.ChunkedArray) -> Mask:
    told: Mask = pc.fill_null(answers, False).to_numpy()
    return told
