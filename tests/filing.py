"""Images, and what the stages tell of them, for the tests of filing and of duplicates in copies."""

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.output.copy import copy_in_order
from scripts.lib.output.draft import Draft, Listed, draft_in_order
from scripts.lib.output.execute import CopySettings, CopySummary
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.moved import Moves, moved_files
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.plan_reorganize import Filing, draft_in_folders
from scripts.lib.output.planned import plan_digest
from scripts.lib.output.targets import Wanted, targets_of
from tests.copying import Photos, wanted

EVERYTHING = Duplicates("keep", {}, 0)


class Collection(Photos):
    """Sources in order, each an item of its own, and tables of what is known of them."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.scanned: dict[Path, Wanted] = {}

    def ordered(self, paths: Sequence[Path], distances: Sequence[float] | None = None) -> Listed:
        """Write `order.parquet`, by what was found of each file when it was there."""
        for path in paths:
            self.scanned[path] = wanted(0, path) if path.exists() else self.scanned[path]
        files = [self.scanned[path]._replace(position=i) for i, path in enumerate(paths)]
        columns = {
            "position": pa.array(range(len(files)), pa.int32()),
            "path_bytes": pa.array([file.source for file in files], pa.binary()),
            "content_id": pa.array([file.content_id for file in files], ID_TYPE),
            "size": pa.array([file.seen and file.seen.size for file in files], pa.int64()),
            "mtime_ns": pa.array([file.seen and file.seen.mtime_ns for file in files], pa.int64()),
            "item": pa.array(range(len(files)), pa.int32()),
            "distance_to_next": pa.array(distances or [1.0] * len(files), pa.float32()),
        }
        self.write("order", **columns)
        return Listed(self.table("order"), True, Moves(moved_files(self.output), {}))

    def table(self, name: str) -> Path:
        return self.sources.parent / f"{name}.parquet"

    def write(self, name: str, /, **columns: object) -> None:
        pq.write_table(pa.table(columns), self.table(name))

    def clustered(self, numbers: Sequence[int], names: Sequence[str]) -> None:
        """Write in which cluster each item is, and what clusters are called."""
        self.write("clusters", cluster=pa.array(numbers, pa.int32()))
        self.write(
            "names", cluster=pa.array(range(len(names)), pa.int32()), name=pa.array(names, pa.string())
        )

    def duplicates(self, groups: dict[str, int]) -> Path:
        """Write which files are duplicates of better ones, by the numbers of their groups."""
        paths = [os.fsencode(self.sources / name) for name in groups]
        self.write(
            "duplicates",
            group=pa.array(groups.values(), pa.int32()),
            path_bytes=pa.array(paths, pa.binary()),
            keep=pa.array([False] * len(paths), pa.bool_()),
        )
        return self.table("duplicates")

    def drafted(self, paths: Sequence[Path], duplicates: Duplicates = EVERYTHING, **filing: object) -> Draft:
        """Return a draft in folders."""
        chosen = {"kind": "cluster", "former": False, "renaming": "index", "depth": 1, "size": 100} | filing
        tables = {name: self.table(name) for name in ("clusters", "names", "categories", "labels")}
        order = self.ordered(paths)
        settings = Filing(**chosen)  # type: ignore[arg-type]
        return draft_in_folders(order, self.naming, settings, tables, duplicates, [bytes(self.sources)])

    def sorted_draft(
        self, paths: Sequence[Path], duplicates: Duplicates, naming: Naming | None = None
    ) -> Draft:
        """Return a draft in order."""
        return draft_in_order(self.ordered(paths), naming or self.naming, duplicates)

    def carry_out(self, draft: Draft, mode: str = "copy", **settings: object) -> CopySummary:
        """Carry a draft out."""
        targets = targets_of(draft.wanted, draft.names)
        chosen = {"mode": mode, "plan": plan_digest(targets, mode), "threads": 2, "batch_files": 3} | settings
        return copy_in_order(targets, CopySettings(self.output, "photos", **chosen), lambda count: None)


def places(draft: Draft) -> list[str]:
    """Return where each file goes."""
    return [os.fsdecode(name.name) for name in draft.names]
