"""What moving a file is at its end: its former place goes, once its new one is safe.

Until then the file has both names, or lies in both places with the same bytes.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence

from scripts.lib.output.held_folder import digest_of
from scripts.lib.output.ledger import Own
from scripts.lib.output.placement import OutputFolder


def take_sources(folder: OutputFolder, files: Sequence[tuple[bytes, Own]]) -> list[str | None]:
    """Remove the sources of files of ours, which have become their places; return why not, if not."""
    return [_take_source(folder, path, file) for path, file in files]


def _take_source(folder: OutputFolder, path: bytes, file: Own) -> str | None:
    """Remove the source of a file of ours, which has become its place; return why not, if not.

    A source that is not the file of ours, nor has its very bytes, is left alone.
    """
    try:
        with held_parent(file.source) as parent:
            name = os.path.basename(file.source)
            reason = _difference(folder, path, file, parent)
            if reason is None:
                os.unlink(name, dir_fd=parent)
            return reason
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"can't be taken from its place: {error.strerror}"


def has_source(folder: OutputFolder, path: bytes, file: Own) -> bool:
    """Tell whether the source of a file of ours, which was to be taken, is still there."""
    try:
        found = os.lstat(file.source)
    except OSError:
        return False
    here = folder.lstat(path)
    return file.kind != "hardlink" or here is None or os.path.samestat(found, here)


def _difference(folder: OutputFolder, path: bytes, file: Own, parent: int) -> str | None:
    """Say what speaks against taking a source away, None if nothing does."""
    name = os.path.basename(file.source)
    found, here = os.stat(name, dir_fd=parent, follow_symlinks=False), folder.lstat(path)
    if here is None:
        return "has no place in the output any more"
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link, which is not moved; what it leads to has its place in the output, too"
    if os.path.samestat(found, here):
        return None if folder.has_other_name(path, parent, name) else "has no other name in the output"
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    try:
        same = digest_of(fd, found.st_size) == file.content == folder.digest(path)
        now = os.stat(name, dir_fd=parent, follow_symlinks=False)
        same = same and _state(now) == _state(os.fstat(fd)) == _state(found)
    finally:
        os.close(fd)
    return None if same else "changed while it was being moved: both are kept"


def _state(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@contextlib.contextmanager
def held_parent(path: bytes) -> Iterator[int]:
    """Hold the folder of a file open, so that it can't be exchanged meanwhile."""
    fd = os.open(os.path.dirname(path) or b".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
