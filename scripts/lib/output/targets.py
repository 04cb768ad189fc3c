"""What an output folder is to hold: the files of the order, each with its name there."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from scripts.lib.files.originals import status_of
from scripts.lib.output.ledger import Kind, Own
from scripts.lib.output.naming.names import Naming, TargetName, target_names
from scripts.lib.output.staging import Seen


class Wanted(NamedTuple):
    """One file of the order.

    content_id : BLAKE3-256 of its bytes, None if not known
    seen : size and time that went with it
    origin : where it lay before it was moved into the output folder
    """

    position: int
    source: bytes
    content_id: bytes | None
    seen: Seen | None = None
    origin: bytes | None = None


class Target(NamedTuple):
    """A wanted file, its content as far as known, its name in the output, and what it is to be there.

    link : the text of a symbolic link
    """

    wanted: Wanted
    content: bytes | None
    name: bytes
    kind: Kind = "copy"
    link: bytes = b""


def names_of(wanted: Sequence[Wanted], naming: Naming) -> list[TargetName]:
    """Return what each file is to be called. Raises ValueError if two share a position."""
    sources = [file.origin or file.source for file in wanted]
    return target_names(sources, naming, positions=[file.position for file in wanted])


def targets_of(wanted: Sequence[Wanted], names: Sequence[TargetName]) -> list[Target]:
    """Return each file with its name."""
    return [Target(file, file.content_id, name.name) for file, name in zip(wanted, names, strict=True)]


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
    if file.kind == "move":
        return file.content
    found = stat_of(file.source)
    same = found and (found.st_size, found.st_mtime_ns) == (file.size, file.source_mtime_ns)
    return file.content if same else None


def stat_of(path: bytes) -> os.stat_result | None:
    """Return what a path leads to, None if that can't be found out."""
    try:
        return status_of(path)
    except (OSError, ValueError):
        return None


def mtime_ns(path: bytes) -> int | None:
    """Return when a file was modified, in ns; None if that can't be found out."""
    found = stat_of(path)
    return None if found is None else found.st_mtime_ns
