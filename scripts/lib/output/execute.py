"""A plan carried out: files leave, then files of ours get other names, then sources are copied.

All in batches, each announced in the ledger before it changes anything. While one batch is being
flushed and placed, the threads copy the next one.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from scripts.lib.output.deeds import Doer
from scripts.lib.output.kinds import Mode
from scripts.lib.output.ledger import Deed, Intent, Own
from scripts.lib.output.naming.portable_names import folded
from scripts.lib.output.placement import PARKED, REMOVED
from scripts.lib.output.plan import Leaving, Plan
from scripts.lib.output.staging import CannotLink, Order, SourceError, source_digest, stage, staging_name
from scripts.lib.output.survey import Standing, inodes, outlives
from scripts.lib.output.targets import Target, stat_of

Progress = Callable[[int], object]
Status = Literal["copied", "linked", "moved", "kept", "renamed", "failed"]
Made = Own | SourceError
Item = TypeVar("Item")


@dataclass(frozen=True)
class CopySettings:
    """Where to copy to, for which collection, and how.

    `fallback` copies what can't be linked. `plan` names what is carried out; a plan that was undone is not,
    unless that is `forced`. `check_contents` hashes copies whose size and time are as they were, too. At
    most two batches of files are copied again after a kill.
    """

    output: Path
    name: str
    mode: Mode = "copy"
    fallback: bool = False
    plan: str = ""
    forced: bool = False
    threads: int = 4
    check_contents: bool = False
    batch_files: int = 1024
    batch_bytes: int = 1 << 28


class CopiedFile(NamedTuple):
    """What became of one wanted file; `error` is None unless it failed."""

    position: int
    source: bytes
    target: bytes
    status: Status
    error: str | None


class SetAside(NamedTuple):
    """A file that was moved to `.removed/`, and why it was not removed or overwritten."""

    name: bytes
    moved_to: bytes
    reason: str


@dataclass(frozen=True)
class CopySummary:
    """What was done: a row for each wanted file, by position, and what became of other files.

    stranded : moved files that the order no longer has
    undone : nothing was done, because the plan was undone
    """

    files: list[CopiedFile]
    removed: list[bytes]
    set_aside: list[SetAside]
    foreign: list[bytes]
    stranded: list[bytes] = field(default_factory=list)
    undone: bool = False


class Executor:
    """One run: carries a plan out and reports what became of each file."""

    def __init__(
        self,
        doer: Doer,
        plan: Plan,
        standing: Mapping[bytes, Standing],
        settings: CopySettings,
        pool: ThreadPoolExecutor,
    ) -> None:
        self.doer, self.folder, self.ledger = doer, doer.folder, doer.ledger
        self.plan = plan
        self.standing = standing
        self.settings = settings
        self.pool = pool
        self.barred = inodes(doer.ledger.state.owned, standing)
        self.sizes = [room_for(target, self.folder.device) for target in plan.copied]
        self.summary = CopySummary([], [], [], plan.foreign, plan.stranded)

    def run(self, progress: Progress) -> CopySummary:
        """Carry the plan out; `progress` is called with the number of files newly done."""
        self._note()
        progress(len(self.plan.kept))
        for leaving in self._batches(self.plan.leaving):
            self._leave(leaving)
        self._rename(progress)
        for targets, made in self._staged():
            self._place(targets, made)
            progress(len(targets))
        self.doer.prune_folders()
        self.folder.flush()
        self.ledger.flush()
        self.summary.files.sort()
        return self.summary

    def _note(self) -> None:
        """Tell the ledger what was found: files lost, times and sources that changed."""
        self.ledger.forget(self.plan.forgotten)
        for path, file in self.plan.refreshed.items():
            self.ledger.assert_own(path, file)
        for kept in self._batches(self.plan.kept):
            for target, error in zip(kept, self._take(kept), strict=True):
                self._report(target, "kept", error)

    def _leave(self, batch: Sequence[Leaving]) -> None:
        """Remove files of ours of which a source exists; set the others aside."""
        exists = dict(zip(batch, self.pool.map(self._source_exists, batch), strict=True))
        removals = [Intent("remove", old.path, b"", old.file) for old in batch if exists[old]]
        self.summary.removed.extend(self.doer.remove(removals, self.standing))
        self._set_aside([leaving for leaving in batch if not exists[leaving]])

    def _source_exists(self, leaving: Leaving) -> bool:
        if leaving.file is None or leaving.file.kind == "move":
            return False
        if leaving.file.kind == "symlink":
            return True
        standing, content = self.standing[leaving.path], leaving.file.content
        if leaving.file.kind == "hardlink" and outlives(standing, leaving.file.source, self.barred):
            return True
        return any(source_digest(source, self.barred) == content for source in leaving.sources)

    def _set_aside(self, batch: Sequence[Leaving]) -> None:
        if not batch:
            return
        self.folder.make(REMOVED)
        where = self._free_names(REMOVED, [leaving.path for leaving in batch])
        deeds: dict[bytes, Deed] = {old.path: "move" if _is_moved(old) else "aside" for old in batch}
        self.doer.place([Intent(deeds[old.path], old.path, where[old.path], old.file) for old in batch])
        for old in batch:
            self.summary.set_aside.append(SetAside(old.path, where[old.path], _reason(old)))

    def _free_names(self, folder: bytes, paths: Sequence[bytes]) -> dict[bytes, bytes]:
        taken: set[str] = set()
        return {path: self.folder.free_name(folder, os.path.basename(path), taken) for path in paths}

    def _rename(self, progress: Progress) -> None:
        """Give files of ours their other names; those in the way of others are parked first."""
        renamed = self.plan.renamed
        occupied = {folded(t.name) for t in (*(r.target for r in renamed), *self.plan.copied)}
        in_the_way = [rename.here for rename in renamed if folded(rename.here) in occupied]
        parked = self._free_names(PARKED, in_the_way)
        for moves in self._batches(list(parked.items())):
            self._move(moves)
        for batch in self._batches(renamed):
            self.doer.make_folders(target.name for _, target in batch)
            errors = self._move([(parked.get(here, here), target.name) for here, target in batch])
            taken = self._take([target for _, target in batch])
            for (_, target), error, still in zip(batch, errors, taken, strict=True):
                self._report(target, "renamed", error or still)
            progress(len(batch))

    def _move(self, moves: Sequence[tuple[bytes, bytes]]) -> list[str | None]:
        owned = self.ledger.state.owned
        return self.doer.place([Intent("move", here, there, owned[here]) for here, there in moves])

    def _staged(self) -> Iterator[tuple[Sequence[Target], list[Made]]]:
        """Copy sources to temporary files, one batch ahead of the one yielded."""
        ahead: deque[tuple[Sequence[Target], list[Future[list[Made]]]]] = deque()
        for batch in self._batches(self.plan.copied, self.sizes):
            share = -(-len(batch) // (4 * self.settings.threads))
            parts = [batch[i : i + share] for i in range(0, len(batch), share)]
            ahead.append((batch, [self.pool.submit(self._stage, part) for part in parts]))
            if len(ahead) > 1:
                yield _gathered(*ahead.popleft())
        for waiting in ahead:
            yield _gathered(*waiting)

    def _stage(self, targets: Sequence[Target]) -> list[Made]:
        return [self._stage_one(target) for target in targets]

    def _stage_one(self, target: Target) -> Made:
        wanted = target.wanted
        order = Order(
            wanted.source,
            target.content,
            staging_name(wanted.position),
            target.kind,
            wanted.seen,
            target.link,
        )
        try:
            return self._staged_as_can_be(order)
        except SourceError as error:
            return error

    def _staged_as_can_be(self, order: Order) -> Own:
        try:
            return stage(self.folder, order, self.barred)
        except CannotLink:  # this one file, of a disk on which others can
            if not self.settings.fallback:
                raise
            return stage(self.folder, order._replace(kind="copy"), self.barred)

    def _place(self, targets: Sequence[Target], made: Sequence[Made]) -> None:
        ready = [(target, file) for target, file in zip(targets, made, strict=True) if isinstance(file, Own)]
        self.doer.make_folders(target.name for target, _ in ready)
        errors = self.doer.place(
            [
                Intent("place", staging_name(target.wanted.position), target.name, file)
                for target, file in ready
            ]
        )
        taken = self._take([target for target, _ in ready])
        for (target, file), error, still in zip(ready, errors, taken, strict=True):
            self._report(target, self._status(target, file), error or still)
        for target, failed in zip(targets, made, strict=True):
            if isinstance(failed, SourceError):
                self._report(target, "failed", str(failed))

    def _status(self, target: Target, file: Own) -> Status:
        if target.kind == "move":
            return "moved"
        return "copied" if file.kind == "copy" else "linked"

    def _take(self, targets: Sequence[Target]) -> list[str | None]:
        """Take the sources of files that are to be moved and have their place; return why not."""
        if self.settings.mode != "move":
            return [None] * len(targets)
        owned = self.ledger.state.owned
        wanted = (target.name for target in targets if target.kind == "move")
        placed = [name for name in wanted if name in owned and owned[name].kind != "move"]
        reasons = self.doer.take([Intent("take", name, b"", owned[name]) for name in placed])
        why = dict(zip(placed, reasons, strict=True))
        return [why.get(target.name) for target in targets]

    def _report(self, target: Target, status: Status, error: str | None = None) -> None:
        status = status if error is None else "failed"
        wanted = target.wanted
        self.summary.files.append(CopiedFile(wanted.position, wanted.source, target.name, status, error))

    def _batches(self, items: Sequence[Item], sizes: Sequence[int] | None = None) -> Iterator[Sequence[Item]]:
        """Cut items into batches that exceed neither the number of files nor, by more than one
        file, that of bytes."""
        start = held = 0
        for end, size in enumerate(sizes or [0] * len(items), start=1):
            held += size
            if end - start == self.settings.batch_files or held >= self.settings.batch_bytes:
                yield items[start:end]
                start, held = end, 0
        if start < len(items):
            yield items[start:]


def room_for(target: Target, device: int) -> int:
    """Return how many bytes a new file takes in the output, which lies on a device."""
    if target.kind in ("hardlink", "symlink"):
        return 0
    found = stat_of(target.wanted.source)
    if found is None:
        return 0
    stays = target.kind == "move" and found.st_dev == device
    return 0 if stays else found.st_size


def _is_moved(leaving: Leaving) -> bool:
    return leaving.file is not None and leaving.file.kind == "move"


def _reason(leaving: Leaving) -> str:
    if leaving.file is None:
        return "it was altered after it was copied"
    if leaving.file.kind == "move":
        return "it was moved here, has left the order, and another file needs its name"
    return "no source with its content was found"


def _gathered(
    batch: Sequence[Target], parts: Sequence[Future[list[Made]]]
) -> tuple[Sequence[Target], list[Made]]:
    return batch, [made for part in parts for made in part.result()]
