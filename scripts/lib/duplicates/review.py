"""Groups of duplicates one at a time, as they stand with the decisions of this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.duplicates.deciding import Changes, change_decisions
from scripts.lib.duplicates.decisions import DROP, KEEP, Decisions, harmless_path
from scripts.lib.duplicates.duplicate_table import settled_group
from scripts.lib.duplicates.fit import Mask
from scripts.lib.duplicates.kept import Member
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import ID_TYPE
from scripts.lib.files.user_table import from_cell
from scripts.lib.ordering.vectors import Ints

ACCEPT, ALL, ONLY, UNDO = "accept", "all", "only", "undo"
ACTS = (ACCEPT, ALL, ONLY, UNDO, KEEP, DROP)


@dataclass(frozen=True)
class Review:
    """The table of duplicates by its groups, numbered from 0.

    table : of schema `DUPLICATES`
    """

    table: pa.Table

    @cached_property
    def starts(self) -> Ints:
        """Return the first row of each group, and behind the last: (g + 1,) int64."""
        numbers = self.table["group"].to_numpy()
        ends = [len(numbers)] if len(numbers) else []
        return np.append(np.flatnonzero(np.diff(numbers, prepend=-1)), ends).astype(np.int64)

    def __len__(self) -> int:
        return max(len(self.starts) - 1, 0)

    @cached_property
    def kinds(self) -> dict[str, Mask]:
        """Tell of each kind which groups have files of it: (g,) bool."""
        column = self.table["kind"]
        known = pc.unique(column.drop_null()).to_pylist()
        return {kind: self._any(_mask(pc.equal(column, kind))) for kind in known}

    def rows_of(self, group: int) -> range:
        """Return the rows of a group."""
        return range(int(self.starts[group]), int(self.starts[group + 1]))

    def files(self, group: int) -> list[dict[str, Any]]:
        """Return the files of a group, best first."""
        rows = self.rows_of(group)
        files: list[dict[str, Any]] = self.table.slice(rows.start, len(rows)).to_pylist()
        for place, each in enumerate(files):  # tables of a former version do not tell what is protected
            if each.get("protected") is None:
                each["protected"] = bool(place and each["proposed"])
        return files

    def settled(self, group: int, decisions: Decisions) -> list[Member]:
        """Return what becomes of the files of a group, and why."""
        return settled_group(self.files(group), decisions)[0]

    def decided(self, decisions: Decisions) -> Mask:
        """Tell which groups the user has decided something on: (g,) bool."""
        paths = {path for each in decisions.paths for path in (each, from_cell(each))}
        on_paths = pc.is_in(self.table["path"], value_set=pa.array(sorted(paths), pa.string()))
        ids = [bytes.fromhex(each) for each in decisions.contents if _is_id(each)]
        on_ids = pc.is_in(self.table["content_id"], value_set=pa.array(ids, ID_TYPE))
        return self._any(_mask(on_paths) | _mask(on_ids))

    def _any(self, rows: Mask) -> Mask:
        if not len(self):
            return np.zeros(0, bool)
        found: Mask = np.logical_or.reduceat(rows, self.starts[:-1])
        return found


def _mask(column: pa.ChunkedArray) -> Mask:
    found: Mask = column.fill_null(False).to_numpy().astype(bool)
    return found


def _is_id(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == 32
    except ValueError:
        return False


def decide(file: Path, review: Review, group: int, act: str, place: int = 0) -> None:
    """Save what the user decides on a group, by the decisions of this moment.

    act : accept (the proposal), all (are kept), only (one is kept), undo, or keep or drop (one file)
    place : of that file in the group

    Raises
    ------
    InputError
        when it can't be done, saying why: nothing is saved then.
    """
    files = review.files(group)

    def changes(decisions: Decisions) -> Changes:
        return changes_for(files, settled_group(files, decisions)[0], act, place)

    change_decisions(file, changes)


def changes_for(
    files: Sequence[Mapping[str, Any]], members: Sequence[Member], act: str, place: int
) -> dict[str, str | None]:
    """Return the decisions that an act makes.

    Raises
    ------
    InputError
        when nothing would be kept, or a protected file would not.
    """
    paths = [each["path"] for each in files]
    if act == UNDO:
        return dict.fromkeys(paths)
    if act == ALL:
        return dict.fromkeys(paths, KEEP)
    if act == ACCEPT:
        return {each.path: KEEP if each.proposed else DROP for each in members}
    if act == ONLY:
        return {
            path: _only(each, i == place) for i, (path, each) in enumerate(zip(paths, members, strict=True))
        }
    if act == DROP:
        _check_drop(members, place)
    return {paths[place]: act}


def _only(member: Member, chosen: bool) -> str:
    return KEEP if chosen or member.protected else DROP


def _check_drop(members: Sequence[Member], place: int) -> None:
    if members[place].protected:
        raise InputError("It lies in a protected folder (the setting `protected`), so it is kept.")
    if not any(each.keep for i, each in enumerate(members) if i != place):
        raise InputError(
            "One file of a group is always kept, and this is the only one: keep another one first."
        )


def own_decision(decisions: Decisions, path: str) -> bool:
    """Tell whether a decision is on the path of a file, not on its content, so that it can be undone here."""
    return path in decisions.paths or harmless_path(path) in decisions.paths
