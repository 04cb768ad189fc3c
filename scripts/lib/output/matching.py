"""Which files of ours are what a target is to be, whatever they are called now."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from scripts.lib.output.ledger import Own
from scripts.lib.output.survey import Standing, is_name_of
from scripts.lib.output.targets import Target, mtime_ns, stat_of

Key = tuple[object, ...] | None


class Held(NamedTuple):
    """A file of ours: its name in the output, its absolute path, what the ledger says, how it fares."""

    name: bytes
    place: bytes
    file: Own
    standing: Standing


def serves(held: Held, target: Target, device: int) -> bool:
    """Tell whether a file of ours is what a target is to be, but for its name.

    device : the file system of the output
    """
    file, source = held.file, target.wanted.source
    if not held.standing.is_file:
        return False
    if file.kind == "move":
        return _is_moved_one(held, target)
    if file.kind == "hardlink":
        return target.kind in ("hardlink", "move") and is_name_of(held.standing, source)
    if held.standing.state != "sound" or file.content != target.content:
        return False
    if target.kind == "move":
        # A copy keeps less of a file than moving does: it serves only where moving is copying.
        found = stat_of(source)
        return file.kind == "copy" and found is not None and found.st_dev != device
    return file.kind == target.kind and file.link == target.link


def _is_moved_one(held: Held, target: Target) -> bool:
    """Tell whether a moved file is the one that is wanted, wherever it lies by now.

    A plan may be older than its place, which another file has by now; and so may its former place.
    """
    wanted, file = target.wanted, held.file
    if (wanted.origin or wanted.source) != file.source:
        return False
    if wanted.source == held.place or not os.path.lexists(wanted.source):
        return True
    return wanted.origin is not None and file.content == target.content


def matched(held: Iterable[Held], targets: Iterable[Target], device: int) -> dict[Target, bytes]:
    """Give targets files of ours that serve them, each once, in the order of their names.

    Moved files are known by the place that they have or had, links by what they lead to, copies by content
    and source. A copy of another source serves if that source has the same time, so that what results is
    what copying would have made.
    """
    rest, needed = {each.name: each for each in held}, list(targets)
    found: dict[Target, bytes] = {}
    for of_file, of_target in KEYS:
        offered = {name: key for name, each in rest.items() if (key := of_file(each)) is not None}
        if not offered:
            continue
        asked = {each: key for each in needed if (key := of_target(each)) is not None}
        pairs = {t: name for t, name in _pairs(offered, asked).items() if serves(rest[name], t, device)}
        for name in pairs.values():
            del rest[name]
        needed = [each for each in needed if each not in pairs]
        found |= pairs
    return found


def _pairs(offered: Mapping[bytes, Key], asked: Mapping[Target, Key]) -> dict[Target, bytes]:
    """Give each target a name that has its key, each name once, in their order."""
    names: dict[Key, list[bytes]] = defaultdict(list)
    for name in sorted(offered, reverse=True):
        names[offered[name]].append(name)
    return {target: names[key].pop() for target, key in asked.items() if names.get(key)}


def _place(held: Held) -> Key:
    return (held.place, held.file.source) if held.file.kind == "move" else None


def _place_wanted(target: Target) -> Key:
    return (target.wanted.source, target.wanted.origin)


def _former_place(held: Held) -> Key:
    return (held.file.source,) if held.file.kind == "move" else None


def _former_place_wanted(target: Target) -> Key:
    return (target.wanted.origin or target.wanted.source,)


def _link(held: Held) -> Key:
    return (held.file.source, held.file.link) if held.file.kind == "symlink" else None


def _link_wanted(target: Target) -> Key:
    return (target.wanted.source, target.link) if target.kind == "symlink" else None


def _inode(held: Held) -> Key:
    found = held.standing.stat
    return (found.st_dev, found.st_ino) if found is not None and held.file.kind == "hardlink" else None


def _inode_wanted(target: Target) -> Key:
    found = stat_of(target.wanted.source) if target.kind in ("hardlink", "move") else None
    return (found.st_dev, found.st_ino) if found is not None else None


def _copy(held: Held) -> Key:
    return (held.file.content, held.file.source) if held.file.kind == "copy" else None


def _copy_wanted(target: Target) -> Key:
    return (target.content, target.wanted.source)


def _time(held: Held) -> Key:
    return (held.file.content, held.file.source_mtime_ns) if held.file.kind == "copy" else None


def _time_wanted(target: Target) -> Key:
    return (target.content, mtime_ns(target.wanted.source)) if target.kind == "copy" else None


KEYS: Sequence[tuple[Callable[[Held], Key], Callable[[Target], Key]]] = (
    (_place, _place_wanted),
    (_former_place, _former_place_wanted),
    (_link, _link_wanted),
    (_inode, _inode_wanted),
    (_copy, _copy_wanted),
    (_time, _time_wanted),
)
