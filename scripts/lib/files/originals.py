"""Originals, opened and looked at: files, and members of tars that are read in place.

A member has the path that it would have if its tar were a folder, `shards/0001.tar/beach.jpg`. Whoever reads
an original opens its path first as that of any file; only where the system says that something above it is no
folder is a tar looked for. So files pay nothing for it.
"""

import errno
import io
import os
import stat
from typing import BinaryIO

from scripts.lib.files.tars.members import OpenTar, TarMember

BEHIND = (errno.ENOTDIR, errno.ENAMETOOLONG)  # said of what lies below a file
TAR = b".tar"

AnyPath = bytes | str | os.PathLike[str]


def open_original(path: AnyPath) -> BinaryIO:
    """Open an original for reading.

    Raises
    ------
    OSError
        when it can't be read.
    """
    try:
        return open(path, "rb")
    except OSError as error:
        member = member_behind(path, error)
    return io.BufferedReader(member)


def content_of(path: AnyPath) -> bytes:
    """Return the bytes of an original. Raises OSError when it can't be read."""
    with open_original(path) as stream:
        return stream.read()


def status_of(path: AnyPath) -> os.stat_result:
    """Return what the system says of an original, links followed; see `TarMember.status` for members.

    Raises
    ------
    OSError
        when that can't be found out.
    """
    try:
        return os.stat(path)
    except OSError as error:
        with member_behind(path, error) as member:
            return member.status


def is_member(status: os.stat_result) -> bool:
    """Tell whether a status is that of a member of a tar: it has neither an inode nor a name."""
    return status.st_ino == 0 and status.st_nlink == 0


def state_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what is another one when the bytes of an original may be others."""
    return status.st_size, status.st_ctime_ns if is_member(status) else status.st_mtime_ns


def may_be_member(path: bytes) -> bool:
    """Tell whether a path could be that of a member, by its text."""
    return TAR + b"/" in path.lower()


def is_file(path: AnyPath) -> bool:
    """Tell whether an original is there."""
    try:
        return stat.S_ISREG(status_of(path).st_mode)
    except (OSError, ValueError):
        return False


def is_readable(path: AnyPath) -> bool:
    """Tell whether an original may be read."""
    if os.access(path, os.R_OK):
        return True
    tar = tar_above(os.fsencode(path))
    return tar is not None and os.access(tar, os.R_OK)


def member_behind(path: AnyPath, error: OSError) -> TarMember:
    """Open what may be a member of a tar, given the error of opening its path as that of a file.

    Raises
    ------
    OSError
        that very error where there is no such tar; another where the tar can't be read or has no such member.
    """
    raw = os.fsencode(path)
    tar = tar_above(raw) if error.errno in BEHIND else None
    if tar is None:
        raise error
    opened = OpenTar(tar)
    try:
        member = opened.index().find(raw[len(tar) + 1 :])
        if member is None:
            raise FileNotFoundError(errno.ENOENT, "no such image in the tar", path)
        return TarMember(opened, member)
    except BaseException:
        opened.close()
        raise


def tar_above(path: bytes) -> bytes | None:
    """Return the tar in which a path would lie; None if no file named so is above it."""
    place = path.lower().find(TAR + b"/")
    while place >= 0:
        tar = path[: place + len(TAR)]
        try:
            if stat.S_ISREG(os.stat(tar).st_mode):
                return tar
        except (OSError, ValueError):
            return None
        place = path.lower().find(TAR + b"/", place + 1)
    return None
