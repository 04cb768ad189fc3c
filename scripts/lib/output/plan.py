"""What is to be done so that an output folder holds the wanted copies: a plan, not a deed.

Every wanted name is kept, given to a file of ours that has another name, or copied to. Every other
file of ours leaves. The plan follows from the order, the ledger and the disk; making it changes
nothing.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scripts.lib.errors import OutputError
from scripts.lib.files.paths import readable
from scripts.lib.output.held_folder import folders_above
from scripts.lib.output.ledger import Own
from scripts.lib.output.matching import Held, matched, serves
from scripts.lib.output.naming.portable_names import folded
from scripts.lib.output.placement import HOME, REMOVED, OutputFolder
from scripts.lib.output.survey import Standing
from scripts.lib.output.targets import Target, mtime_ns

NAMED_AT_MOST = 10
HIDDEN = (HOME + b"/", REMOVED + b"/")


class Rename(NamedTuple):
    """A file of ours that becomes the copy of another target."""

    here: bytes
    target: Target


class Leaving(NamedTuple):
    """A file that has to go: removed if it is ours still and one of its sources exists.

    `file` is None if it was altered, so that it is no longer ours to remove. A moved file is never removed.
    """

    path: bytes
    file: Own | None
    sources: tuple[bytes, ...]


@dataclass(frozen=True)
class Plan:
    """What to do, in the order of the fields.

    stranded : files that were moved here, and that the order no longer has; they stay where they are
    """

    kept: list[Target]
    refreshed: dict[bytes, Own]
    forgotten: list[bytes]
    leaving: list[Leaving]
    renamed: list[Rename]
    copied: list[Target]
    foreign: list[bytes]
    stranded: list[bytes]


class Planner:
    """The order, the ledger and the disk, looked at once."""

    def __init__(
        self,
        folder: OutputFolder,
        owned: Mapping[bytes, Own],
        targets: Sequence[Target],
        standing: Mapping[bytes, Standing],
    ) -> None:
        self.folder = folder
        self.targets = targets
        self.standing = standing
        self.ours = {path for path, found in standing.items() if found.is_file}
        home = os.fsencode(folder.path)
        self.held = {
            path: Held(path, os.path.join(home, path), owned[path], standing[path]) for path in self.ours
        }

    def plan(self) -> Plan:
        """Return the plan. Raises OutputError if a file that is not ours has a wanted name."""
        kept = [target for target in self.targets if self._is_kept(target)]
        kept_names = {target.name for target in kept}
        needed = [target for target in self.targets if target.name not in kept_names]
        refuse_foreign(self.folder, needed, self.ours)
        rest = [held for path, held in self.held.items() if path not in kept_names]
        renamed = [Rename(here, target) for target, here in matched(rest, needed, self.folder.device).items()]
        served = {rename.target for rename in renamed}
        staying = [*((t.name, t) for t in kept), *renamed]
        moving = {rename.here for rename in renamed}
        idle = [held for held in rest if held.name not in moving]
        names = {folded(target.name) for target in needed}
        stranded = {h.name for h in idle if h.file.kind == "move" and folded(h.name) not in names}
        return Plan(
            kept=kept,
            refreshed=self._refreshed(staying),
            forgotten=[path for path in self.standing if path not in self.ours],
            leaving=self._leaving([held for held in idle if held.name not in stranded]),
            renamed=renamed,
            copied=[target for target in needed if target not in served],
            foreign=foreign_names(self.folder, self.ours),
            stranded=sorted(stranded),
        )

    def _is_kept(self, target: Target) -> bool:
        held = self.held.get(target.name)
        return held is not None and serves(held, target, self.folder.device)

    def _refreshed(self, staying: Iterable[tuple[bytes, Target]]) -> dict[bytes, Own]:
        """Return the files that stay, or get another name, of which the ledger should know more."""
        refreshed = {}
        for path, target in staying:
            now = self._as_it_is(path, target)
            if now != self.held[path].file:
                refreshed[path] = now
        return refreshed

    def _as_it_is(self, path: bytes, target: Target) -> Own:
        file, found = self.held[path].file, self.standing[path].stat
        assert found is not None
        now = file._replace(mtime_ns=found.st_mtime_ns)
        if file.kind in ("hardlink", "move"):  # to edit it under one name is to edit it under all
            now = now._replace(size=found.st_size, content=target.content or file.content)
        if file.kind != "move" and file.source != target.wanted.source:
            time = mtime_ns(target.wanted.source)
            now = now._replace(source=target.wanted.source, source_mtime_ns=time or 0)
        return now

    def _leaving(self, idle: Iterable[Held]) -> list[Leaving]:
        sources: dict[bytes | None, list[bytes]] = defaultdict(list)
        for target in self.targets:
            sources[target.content].append(target.wanted.source)
        return [
            Leaving(
                held.name,
                None if held.standing.state == "altered" and held.file.kind != "move" else held.file,
                (held.file.source, *sources.get(held.file.content, ())),
            )
            for held in sorted(idle, key=lambda held: held.name)
        ]


def foreign_names(folder: OutputFolder, ours: set[bytes]) -> list[bytes]:
    """Return what else is in the output folder, and in its subfolders that hold files of ours."""
    folders = folders_above(ours)
    known = ours | folders | {HOME, REMOVED}
    inside = (os.path.join(each, name) for each in sorted({b"", *folders}) for name in folder.listing(each))
    return [path for path in inside if path not in known and not path.startswith(HIDDEN)]


def refuse_foreign(folder: OutputFolder, targets: Iterable[Target], ours: set[bytes]) -> None:
    """Raise OutputError if a wanted name is taken by something that is not ours."""
    if not foreign_names(folder, ours):
        return
    taken = _foreign_among(folder, [t.name for t in targets if t.name not in ours], ours)
    if not taken:
        return
    names = ", ".join(repr(readable(name)) for name in taken[:NAMED_AT_MOST])
    more = f" and {len(taken) - NAMED_AT_MOST} more" if len(taken) > NAMED_AT_MOST else ""
    raise OutputError(
        f"{len(taken)} names that the copies need are taken in {str(folder.path)!r} by files that "
        f"Seriatim did not put there, and does not touch: {names}{more}. Nothing was changed. Move "
        "them away, or choose another output folder."
    )


def _foreign_among(folder: OutputFolder, names: Sequence[bytes], ours: set[bytes]) -> list[bytes]:
    """Return the names that are taken, and not by a file of ours that has them in other letters."""
    found = {name: there for name in names if (there := folder.lstat(name)) is not None}
    alike: dict[str, list[bytes]] = defaultdict(list)
    for path in ours if found else ():
        alike[folded(path)].append(path)
    return [
        name
        for name, there in found.items()
        if not any(here and os.path.samestat(here, there) for here in map(folder.lstat, alike[folded(name)]))
    ]
