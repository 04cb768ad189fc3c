"""What is to be done so that an output folder holds the wanted copies: a plan, not a deed.

Every wanted name is kept, given to a file of ours that has another name, or copied to. Every other
file of ours leaves. The plan follows from the order, the ledger and the disk; making it changes
nothing.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from scripts.lib.errors import OutputError
from scripts.lib.files.ledger import Own
from scripts.lib.files.names import index_digits, target_name
from scripts.lib.files.paths import readable
from scripts.lib.files.placement import HOME, REMOVED, OutputFolder
from scripts.lib.files.survey import Standing

NAMED_AT_MOST = 10


class Wanted(NamedTuple):
    """One file of the order. `content_id` is the BLAKE3-256 of its bytes, None if not known."""

    position: int
    source: bytes
    content_id: bytes | None


class Target(NamedTuple):
    """A wanted file, its content as far as known, and the name that its copy is to have."""

    wanted: Wanted
    content: bytes | None
    name: bytes


class Rename(NamedTuple):
    """A file of ours that becomes the copy of another target."""

    here: bytes
    target: Target


class Leaving(NamedTuple):
    """A file that has to go: removed if it is ours still and one of its sources exists.

    `file` is None if it was altered, so that it is no longer ours to remove.
    """

    path: bytes
    file: Own | None
    sources: tuple[bytes, ...]


@dataclass(frozen=True)
class Plan:
    """What to do, in the order of the fields."""

    kept: list[Target]
    refreshed: dict[bytes, Own]
    forgotten: list[bytes]
    leaving: list[Leaving]
    renamed: list[Rename]
    copied: list[Target]
    foreign: list[bytes]


def named_targets(wanted: Sequence[Wanted], limit: int) -> list[Target]:
    """Return the name of each copy, at most `limit` bytes long."""
    positions = {file.position for file in wanted}
    if len(positions) < len(wanted):
        raise ValueError(f"{len(wanted)} files share {len(positions)} positions: each needs its own")
    digits = index_digits(max(positions, default=0) + 1)
    return [
        Target(file, file.content_id, target_name(file.position, file.source, digits, limit))
        for file in wanted
    ]


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
        self.owned = owned
        self.targets = targets
        self.standing = standing
        self.ours = {path for path, found in standing.items() if found.is_file}

    def plan(self) -> Plan:
        """Return the plan. Raises OutputError if a file that is not ours has a wanted name."""
        kept = [target for target in self.targets if self._is_kept(target)]
        kept_names = {target.name for target in kept}
        needed = [target for target in self.targets if target.name not in kept_names]
        refuse_foreign(self.folder, needed, self.ours)
        renamed = self._match(needed, kept_names)
        sources = {rename.target: rename.here for rename in renamed}
        return Plan(
            kept=kept,
            refreshed=self._refreshed(kept),
            forgotten=[path for path in self.standing if path not in self.ours],
            leaving=self._leaving(kept_names | set(sources.values())),
            renamed=renamed,
            copied=[target for target in needed if target not in sources],
            foreign=foreign_names(self.folder, self.ours),
        )

    def _is_kept(self, target: Target) -> bool:
        standing = self.standing.get(target.name)
        sound = standing is not None and standing.state == "sound"
        return sound and self.owned[target.name].content == target.content

    def _refreshed(self, kept: Iterable[Target]) -> dict[bytes, Own]:
        """Return the kept files of which the ledger should know another time or source."""
        refreshed = {}
        for target in kept:
            file, found = self.owned[target.name], self.standing[target.name].stat
            assert found is not None
            now = file._replace(mtime_ns=found.st_mtime_ns)
            if file.source != target.wanted.source:
                time = _mtime_ns(target.wanted.source)
                now = now._replace(source=target.wanted.source, source_mtime_ns=time or 0)
            if now != file:
                refreshed[target.name] = now
        return refreshed

    def _match(self, needed: Sequence[Target], kept_names: set[bytes]) -> list[Rename]:
        """Give targets the files of ours that have their content and are not kept.

        A file made from another source serves if that source has the same time, so that what
        results is what copying would have made.
        """
        paths = [p for p, s in self.standing.items() if s.state == "sound" and p not in kept_names]
        needed = [target for target in needed if target.content is not None]
        by_source = _pair(
            {path: (self.owned[path].content, self.owned[path].source) for path in paths},
            {target: (target.content, target.wanted.source) for target in needed},
        )
        used, served = set(by_source.values()), set(by_source)
        contents = {self.owned[path].content for path in paths}
        rest = [t for t in needed if t not in served and t.content in contents]
        by_time = _pair(
            {p: (self.owned[p].content, self.owned[p].source_mtime_ns) for p in paths if p not in used},
            {target: (target.content, _mtime_ns(target.wanted.source)) for target in rest},
        )
        return [Rename(here, target) for target, here in (by_source | by_time).items()]

    def _leaving(self, staying: set[bytes]) -> list[Leaving]:
        sources: dict[bytes | None, list[bytes]] = defaultdict(list)
        for target in self.targets:
            sources[target.content].append(target.wanted.source)
        return [
            self._leaving_file(path, standing, sources)
            for path, standing in sorted(self.standing.items(), key=itemgetter(0))
            if standing.is_file and path not in staying
        ]

    def _leaving_file(
        self, path: bytes, standing: Standing, sources: Mapping[bytes | None, Sequence[bytes]]
    ) -> Leaving:
        file = self.owned[path]
        known = (file.source, *sources.get(file.content, ()))
        return Leaving(path, file if standing.state == "sound" else None, known)


def _pair(
    offered: Mapping[bytes, tuple[object, ...]], asked: Mapping[Target, tuple[object, ...]]
) -> dict[Target, bytes]:
    """Give each target a path that has its key, each path once, in the order of their names."""
    paths: dict[tuple[object, ...], list[bytes]] = defaultdict(list)
    for path in sorted(offered, reverse=True):
        paths[offered[path]].append(path)
    return {target: paths[key].pop() for target, key in asked.items() if paths.get(key)}


def with_known_contents(targets: Iterable[Target], owned: Mapping[bytes, Own]) -> list[Target]:
    """Fill in contents that the ledger knows: of sources that still have the size and time."""
    by_source = {file.source: file for file in owned.values()}
    return [
        target._replace(content=_recorded_content(by_source.get(target.wanted.source)))
        if target.content is None
        else target
        for target in targets
    ]


def _recorded_content(file: Own | None) -> bytes | None:
    if file is None:
        return None
    with_time = _stat(file.source)
    if with_time is None:
        return None
    same = (with_time.st_size, with_time.st_mtime_ns) == (file.size, file.source_mtime_ns)
    return file.content if same else None


def size_of(source: bytes) -> int:
    """Return a source's size in bytes, 0 if it can't be found out."""
    found = _stat(source)
    return 0 if found is None else found.st_size


def _stat(path: bytes) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None


def _mtime_ns(path: bytes) -> int | None:
    found = _stat(path)
    return None if found is None else found.st_mtime_ns


def foreign_names(folder: OutputFolder, ours: set[bytes]) -> list[bytes]:
    """Return what else is in the output folder."""
    known = ours | {HOME, REMOVED}
    return [name for name in folder.listing() if name not in known]


def refuse_foreign(folder: OutputFolder, targets: Iterable[Target], ours: set[bytes]) -> None:
    """Raise OutputError if a wanted name is taken by something that is not ours."""
    if not foreign_names(folder, ours):
        return
    taken = [t.name for t in targets if t.name not in ours and folder.lstat(t.name) is not None]
    if not taken:
        return
    names = ", ".join(repr(readable(name)) for name in taken[:NAMED_AT_MOST])
    more = f" and {len(taken) - NAMED_AT_MOST} more" if len(taken) > NAMED_AT_MOST else ""
    raise OutputError(
        f"{len(taken)} names that the copies need are taken in {str(folder.path)!r} by files that "
        f"Seriatim did not put there, and does not touch: {names}{more}. Nothing was changed. Move "
        "them away, or choose another output folder."
    )
