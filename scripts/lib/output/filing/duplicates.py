"""What is made of duplicates: all are kept, the lesser ones have a folder of their own, or are left out.

To be left out is to have no copy. Originals stay where they are.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.output.naming.folder_names import Folder, Part

Handling = Literal["keep", "group", "skip"]
FOLDER = b"duplicates"
LEAST_DIGITS = 3
COLUMNS = ("path_bytes", "group", "keep")


class Duplicates:
    """The files that are duplicates of better ones, and what is to be made of them.

    groups : the number of the group of each, by its path as in the order
    kept : the paths of the files that are kept in their place, by the number of the group
    """

    def __init__(
        self,
        handling: Handling,
        groups: Mapping[bytes, int],
        digits: int,
        kept: Mapping[int, Sequence[bytes]] | None = None,
    ) -> None:
        self.handling, self.groups, self.digits, self.kept = handling, groups, digits, kept or {}

    @classmethod
    def read(cls, handling: Handling, table: Path | None) -> "Duplicates":
        """Read which files are not to be kept; no table is needed if all are."""
        if handling == "keep" or table is None:
            return cls("keep", {}, 0)
        rows = pq.read_table(table, columns=list(COLUMNS))
        digits = max(LEAST_DIGITS, len(str(pc.max(rows["group"]).as_py() or 0)))
        lesser: dict[bytes, int] = {}
        kept: dict[int, list[bytes]] = defaultdict(list)
        for path, group, keep in zip(*(rows[name].to_pylist() for name in COLUMNS), strict=True):
            if keep:
                kept[group].append(path)
            else:
                lesser[path] = group
        return cls(handling, lesser, digits, kept)

    def among(self, paths: Sequence[bytes]) -> "Duplicates":
        """Return what is to be made of files of which none is left out in favour of one that is not there.

        A file that is kept may be missing in the order: it changed, or could not be embedded. Then the best
        of the others, which is the first of them in the table, has its place.

        paths : of the order
        """
        there = set(paths)
        lost = {group for group, kept in self.kept.items() if there.isdisjoint(kept)}
        groups: dict[bytes, int] = {}
        for path, group in self.groups.items():
            if group in lost and path in there:
                lost.remove(group)
            else:
                groups[path] = group
        return Duplicates(self.handling, groups, self.digits, self.kept)

    def taken(self, paths: Sequence[bytes]) -> list[int]:
        """Return the rows of the files that have a place in the output."""
        out = self.groups if self.handling == "skip" else {}
        return [row for row, path in enumerate(paths) if path not in out]

    def folder(self, path: bytes) -> Folder | None:
        """Return the folder of a file that goes to one with its duplicates, None for others."""
        if self.handling != "group" or path not in self.groups:
            return None
        return Part(FOLDER), Part(b"%0*d" % (self.digits, self.groups[path]))

    def facts(self, paths: Sequence[bytes]) -> dict[str, Any]:
        """Return how many files of the order are handled."""
        count = sum(path in self.groups for path in paths)
        return {} if self.handling == "keep" else {f"duplicates_{self.handling}": count}
