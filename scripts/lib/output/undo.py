"""The world put back: what was made here is removed, what was moved here is moved back.

Only what is as it was made, and only while something else holds its content. What was changed since, or is
the last of its kind, stays and is named. What Seriatim did not make is left alone.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from scripts.lib.files.paths import is_inside, readable
from scripts.lib.output.check import has_ledger
from scripts.lib.output.copy import as_output_errors, ledger_of
from scripts.lib.output.deeds import Doer
from scripts.lib.output.ledger import Intent, Own
from scripts.lib.output.output_lock import locked
from scripts.lib.output.placement import HOME, PARKED, REMOVED, STAGING, OutputFolder
from scripts.lib.output.staging import Inodes, source_digest
from scripts.lib.output.survey import Standing, inodes, outlives, survey
from scripts.lib.output.whereabouts import Whereabouts, nowhere_else

BATCH = 256
Places = tuple[Sequence[bytes] | None, Collection[bytes]]  # folders and files to which may be moved back


class Refused(NamedTuple):
    """A file that stays, and why."""

    name: bytes
    reason: str


@dataclass(frozen=True)
class UndoSummary:
    """What was undone, and what was not."""

    removed: list[bytes] = field(default_factory=list)
    returned: list[bytes] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    set_aside: list[bytes] = field(default_factory=list)


class _Verdict(NamedTuple):
    """What is to become of a file: nothing, for a reason, or one of the two."""

    name: bytes
    reason: str | None
    gives: bool


def undo(
    output: Path,
    name: str,
    threads: int,
    progress: Callable[[int], object],
    roots: Sequence[bytes] | None = None,
    elsewhere: Whereabouts = nowhere_else,
    listed: Collection[bytes] = (),
) -> UndoSummary:
    """Undo everything that was done in an output folder, and mark its ledger so.

    Moved files go back into folders of `roots`, and to the places `listed`, only, whatever the ledger says:
    others than its owner may be able to write into an output folder.

    elsewhere : tells where else the source of a copy may lie

    Raises
    ------
    OutputError
        when the folder belongs to another collection, or can't be written to; what is undone stays so.
    """
    summary = UndoSummary()
    if not has_ledger(output) and not os.path.islink(output / os.fsdecode(HOME)):
        return summary
    with as_output_errors(output), OutputFolder(output) as folder:
        if folder.lstat(REMOVED) is not None:
            folder.folder(REMOVED)
        folder.make(HOME, STAGING, PARKED)
        with locked(folder), ledger_of(folder, name) as ledger, ThreadPoolExecutor(threads) as pool:
            doer = Doer(folder, ledger)
            doer.recover()
            owned = dict(ledger.state.owned)
            standing = survey(folder, owned, {}, pool)
            for names in _moved_and_others(owned):  # moved files first: others may be links to them
                barred = inodes(ledger.state.owned, standing)
                judge = partial(_judged, folder, owned, standing, barred, (roots, listed), elsewhere)
                for batch in (names[start : start + BATCH] for start in range(0, len(names), BATCH)):
                    _carry_out(doer, list(pool.map(judge, batch)), standing, summary)
                    progress(len(batch))
            doer.prune_folders()
            summary.set_aside.extend(folder.listing(REMOVED))
            ledger.note_undone()
            folder.flush()
            ledger.flush()
    return summary


def _moved_and_others(owned: Mapping[bytes, Own]) -> Iterator[Sequence[bytes]]:
    for moved in (True, False):
        yield sorted(name for name, file in owned.items() if (file.kind == "move") == moved)


def _judged(
    folder: OutputFolder,
    owned: Mapping[bytes, Own],
    standing: Mapping[bytes, Standing],
    barred: Inodes,
    places: Places,
    elsewhere: Whereabouts,
    name: bytes,
) -> _Verdict:
    file, found = owned[name], standing[name]
    if found.state == "missing":
        return _Verdict(name, "is gone" if file.kind == "move" else None, False)
    if file.kind == "move":
        return _Verdict(name, _hindrance(folder, name, file, places), True)
    sources = (file.source, *elsewhere(file.source))
    if file.kind == "hardlink" and any(outlives(found, source, barred) for source in sources):
        return _Verdict(name, None, False)
    if found.state != "sound":
        return _Verdict(name, "was changed since", False)
    if file.kind != "symlink" and not any(source_digest(s, barred) == file.content for s in sources):
        return _Verdict(name, "its source is gone or was changed: this is the last copy", False)
    return _Verdict(name, None, False)


def _hindrance(folder: OutputFolder, name: bytes, file: Own, places: Places) -> str | None:
    """Say why a moved file can't be moved back, None if it can."""
    roots, listed = places
    inside = roots is None or any(is_inside(file.source, root) for root in roots)
    if not inside and file.source not in listed:
        return f"its former place {readable(file.source)} is in none of the folders of `images`"
    if folder.digest(name) != file.content:
        return "was changed since"
    return "another file has its former place" if os.path.lexists(file.source) else None


def _carry_out(
    doer: Doer, verdicts: Sequence[_Verdict], standing: Mapping[bytes, Standing], summary: UndoSummary
) -> None:
    owned = doer.ledger.state.owned
    summary.refused.extend(Refused(each.name, each.reason) for each in verdicts if each.reason)
    free = [each for each in verdicts if each.reason is None]
    missing = [each.name for each in free if standing[each.name].state == "missing"]
    doer.ledger.forget(missing)
    removals = [Intent("remove", v.name, b"", owned[v.name]) for v in free if not v.gives and v.name in owned]
    removed = doer.remove(removals, standing)
    summary.removed.extend(removed)
    summary.refused.extend(_left(removals, removed))
    gifts = [Intent("give", v.name, owned[v.name].source, owned[v.name]) for v in free if v.gives]
    for intent, reason in zip(gifts, doer.give(gifts), strict=True):
        if reason is None:
            summary.returned.append(intent.here)
        else:
            summary.refused.append(Refused(intent.here, reason))


def _left(removals: Sequence[Intent], removed: Sequence[bytes]) -> Iterator[Refused]:
    gone = set(removed)
    return (Refused(each.here, "was changed meanwhile") for each in removals if each.here not in gone)
