"""What each target is to be: a copy, a link, the file itself; and whether the disks allow that.

Asked before the first file is touched, so that a mode that can't be had ends in one error that says how
many files are concerned and what would do, and not halfway.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

from scripts.lib.errors import OutputError
from scripts.lib.files.originals import is_member, may_be_member
from scripts.lib.files.paths import readable
from scripts.lib.output.ledger import Kind
from scripts.lib.output.placement import CANNOT_LINK, STAGING, OutputFolder
from scripts.lib.output.targets import Target, stat_of

Mode = Literal["copy", "hardlink", "symlink", "move"]
PROBE = os.path.join(STAGING, b"probe.part")


class Able(Protocol):
    """What links an output folder can hold."""

    def hardlink(self, source: bytes, device: int) -> bool:
        """Tell whether a source, which lies on a device, can have another name in the output."""

    def symlink(self) -> bool:
        """Tell whether the output can hold symbolic links."""


class Supposed:
    """What can be told without touching anything: hard links need one device."""

    def __init__(self, device: int) -> None:
        self.device = device

    def hardlink(self, source: bytes, device: int) -> bool:
        """Tell whether a source lies where the output does."""
        return device == self.device

    def symlink(self) -> bool:
        """Suppose so."""
        return True


class Tried:
    """What trying it shows."""

    def __init__(self, folder: OutputFolder) -> None:
        self.folder = folder

    def hardlink(self, source: bytes, device: int) -> bool:
        """Make a hard link and remove it."""
        try:
            with self._probe():
                self.folder.hold_link(source, PROBE)
        except OSError as error:
            if error.errno in CANNOT_LINK | {errno.EXDEV}:
                return False
            if error.errno not in (errno.EACCES, errno.ENOENT):  # those are this one file's fault
                raise
        return True

    def symlink(self) -> bool:
        """Make a symbolic link and remove it."""
        try:
            with self._probe():
                self.folder.symlink(b"nowhere", PROBE)
        except OSError as error:
            if error.errno not in CANNOT_LINK:
                raise
            return False
        return True

    @contextlib.contextmanager
    def _probe(self) -> Iterator[None]:
        self._clear()
        try:
            yield
        finally:
            self._clear()

    def _clear(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.folder.unlink(PROBE)


def with_kinds(
    output: Path, targets: Sequence[Target], mode: Mode, fallback: bool, able: Able
) -> list[Target]:
    """Decide what each target is to be, by what the file systems allow.

    With `fallback` what can't be linked is copied. A target that is moved already stays what it is.

    Raises
    ------
    OutputError
        when files can't be linked, or moved, and no fallback is allowed.
    """
    if mode == "move":
        check_movable([target.wanted.source for target in targets if target.wanted.origin is None])
    refused: list[Target] = []
    if mode == "hardlink":
        refused = without_hard_links(targets, able)
    elif mode == "symlink" and targets and not able.symlink():
        refused = [target for target in targets if target.wanted.origin is None]
    if refused and not fallback:
        raise OutputError(_refusal(output, mode, refused, len(targets)))
    members = [] if mode == "copy" else in_tars(targets)
    if members and not fallback:
        raise OutputError(_refusal_of_members(mode, members, len(targets)))
    refused += members
    copied = {target.wanted.position for target in refused}
    links = LinkTexts(output)
    return [_decided(target, mode, target.wanted.position in copied, links) for target in targets]


def _decided(target: Target, mode: Mode, copied: bool, links: "LinkTexts") -> Target:
    kind: Kind = "move" if target.wanted.origin is not None else "copy" if copied else mode
    link = links.text(target.wanted.source, target.name) if kind == "symlink" else b""
    return Target(
        target.wanted, target.content, target.name, kind, link
    )  # `_replace` takes six times as long


class LinkTexts:
    """The texts of symbolic links from an output folder to sources: relative, so that a tree can move."""

    def __init__(self, output: os.PathLike[str]) -> None:
        self.output = os.fsencode(os.path.realpath(output))
        self._real: dict[bytes, bytes] = {}  # by folder

    def text(self, source: bytes, name: bytes) -> bytes:
        """Return the text of the link called `name` in the output that leads to a source."""
        parent, base = os.path.split(source)
        if parent not in self._real:
            self._real[parent] = os.path.realpath(parent)
        folder = os.path.dirname(os.path.join(self.output, name))
        return os.path.relpath(os.path.join(self._real[parent], base), folder)


def without_hard_links(targets: Sequence[Target], able: Able) -> list[Target]:
    """Return the targets whose sources can have no other name in the output, asked once a device."""
    linkable: dict[int, bool] = {}
    refused = []
    for target in targets:
        found = stat_of(target.wanted.source) if target.wanted.origin is None else None
        if found is None or not stat.S_ISREG(found.st_mode):  # moved already, or a row with its reason
            continue
        if is_member(found):
            continue
        if found.st_dev not in linkable:
            linkable[found.st_dev] = able.hardlink(target.wanted.source, found.st_dev)
        if not linkable[found.st_dev]:
            refused.append(target)
    return refused


def in_tars(targets: Sequence[Target]) -> list[Target]:
    """Return the targets whose sources are members of tars: they can be copied, and nothing else."""
    likely = (target for target in targets if may_be_member(target.wanted.source))
    return [target for target in likely if (found := stat_of(target.wanted.source)) and is_member(found)]


def check_movable(sources: Sequence[bytes]) -> None:
    """Raise OutputError if sources lie in folders that they can't be taken from."""
    parents = {os.path.dirname(source) or b"." for source in sources}
    closed = sorted(p for p in parents if os.path.isdir(p) and not os.access(p, os.W_OK | os.X_OK))
    if closed:
        more = f" and {len(closed) - 1} more folders" if len(closed) > 1 else ""
        raise OutputError(
            f"Images can't be moved out of {readable(closed[0])!r}{more}: there is no permission to write "
            "there, or the disk is read-only. Nothing was moved. Use copy_mode=copy, or get permission."
        )


def _refusal_of_members(mode: Mode, members: Sequence[Target], count: int) -> str:
    what = "be moved out of it" if mode == "move" else "have a link that leads into it"
    return (
        f"{len(members):,} of {count:,} images lie in a tar and can't {what} (the first is "
        f"{readable(members[0].wanted.source)}). Nothing was changed. copy_fallback=true copies them; or use "
        "copy_mode=copy, or unpack the tars."
    )


def _refusal(output: Path, mode: Mode, refused: Sequence[Target], count: int) -> str:
    first = readable(refused[0].wanted.source)
    if mode == "symlink":
        why = f"The file system of {str(output)!r} has no symbolic links."
    else:
        why = (
            f"{len(refused):,} of {count:,} images (the first is {first}) can have no hard link in "
            f"{str(output)!r}: it lies on another file system, or on one without hard links."
        )
    return (
        f"{why} Nothing was changed. copy_fallback=true copies what can't be linked; or use copy_mode=copy, "
        "or choose another output folder."
    )
