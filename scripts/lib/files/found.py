"""What is found of a collection: files, and what could not be taken; and what the user wants left out."""

import fnmatch
import os
import re
import stat
from collections.abc import Sequence
from typing import NamedTuple

from scripts.lib.files.originals import is_member
from scripts.lib.files.status import UNREADABLE

LARGEST = 2**63 - 1  # of a time in tables: the year 2262
SYSTEM_FOLDERS = frozenset((b"@eaDir",))  # thumbnails of network storages


class Found(NamedTuple):
    """A file with the extension of an image or a video, as its folder entry describes it."""

    root: bytes
    path: bytes
    size: int
    mtime_ns: int
    access: int  # permission bits, owner and group, folded into one number
    stamp: int | None = None  # of a member of a tar: another number when its bytes may be others

    @property
    def state(self) -> int:
        """What tells, with the size, that the bytes may be others: the stamp, or else the time."""
        return self.mtime_ns if self.stamp is None else self.stamp


class Passed(NamedTuple):
    """Something that could not be taken, and why."""

    root: bytes
    path: bytes
    reason: str
    kind: str  # "image" | "video" | "folder"
    status: str = UNREADABLE


class Excluder:
    """Match folder entries against the user's glob patterns."""

    def __init__(self, patterns: Sequence[str]) -> None:
        names = [p for p in patterns if "/" not in p]
        paths = [p.strip("/") for p in patterns if "/" in p]
        self.name, self.path = _any_of(names), _any_of(paths)

    def __call__(self, root: bytes, path: bytes) -> bool:
        """Tell whether an entry is to be left out."""
        if self.name and self.name.match(os.fsdecode(os.path.basename(path))):
            return True
        return bool(self.path and self.path.match(os.fsdecode(os.path.relpath(path, root))))

    def anywhere(self, root: bytes, path: bytes) -> bool:
        """Tell whether an entry, or a folder between it and the root, is to be left out."""
        if not (self.name or self.path):
            return False
        above, inside = path, path.startswith(root + b"/")
        while above and above != os.path.dirname(above) and not (inside and above == root):
            if self(root, above):
                return True
            above = os.path.dirname(above)
        return False


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    return re.compile("|".join(fnmatch.translate(p) for p in patterns))


def extension(path: bytes) -> str:
    """Return the extension of a path, in lower case."""
    return os.fsdecode(os.path.splitext(path)[1].lower())


def is_skipped(name: bytes) -> bool:
    """Tell whether a file or folder of this name is left out: hidden, or the system's."""
    return name.startswith(b".") or name in SYSTEM_FOLDERS


def found_at(root: bytes, path: bytes, status: os.stat_result) -> Found:
    """Return a file with what the system says of it."""
    access = stat.S_IMODE(status.st_mode) | status.st_uid << 12 | status.st_gid << 44
    mtime_ns = min(max(status.st_mtime_ns, -LARGEST), LARGEST)
    stamp = status.st_ctime_ns if is_member(status) else None
    return Found(root, path, status.st_size, mtime_ns, access, stamp)


def identity_of(path: bytes) -> tuple[int, int]:
    """Return device and inode of what a path leads to. Raises OSError if that can't be found out."""
    status = os.stat(path)
    return status.st_dev, status.st_ino
