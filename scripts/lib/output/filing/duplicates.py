"""What is made of duplicates: all are kept, the lesser ones have a folder of their own, or are left out.

To be left out is to have no copy. Originals stay where they are.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.output.naming.folder_names import Folder, Part

Handling = Literal["keep", "group", "skip"]
FOLDER = b"duplicates"
LEAST_DIGITS = 3


class Duplicates:
    """The files that are duplicates of better ones, and what is to be made of them.

    groups : the number of the group of each, by its path as in the order
    """

    def __init__(self, handling: Handling, groups: dict[bytes, int], digits: int) -> None:
        self.handling, self.groups, self.digits = handling, groups, digits

    @classmethod
    def read(cls, handling: Handling, table: Path | None) -> "Duplicates":
        """Read which files are not to be kept; no table is needed if all are."""
        if handling == "keep" or table is None:
            return cls("keep", {}, 0)
        rows = pq.read_table(table, columns=["group", "path_bytes", "keep"])
        digits = max(LEAST_DIGITS, len(str(pc.max(rows["group"]).as_py() or 0)))
        lesser = rows.filter(pc.invert(rows["keep"]))
        pairs = zip(lesser["path_bytes"].to_pylist(), lesser["group"].to_pylist(), strict=True)
        return cls(handling, dict(pairs), digits)

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
