"""Originals, opened and looked at: files, and members of tars that are read in place.

A member has the path that it would have if its tar were a folder, `shards/0001.tar/beach.jpg`. Whoever reads
an original opens its path first as that of any file; only where the system says that something above it is no
folder is a tar looked for. So files pay nothing for it.
"""

import errno
import io
import os
import stat
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:  # what is needed for tars is loaded with the first
    from scripts.lib.files.tars.index import Member, TarIndex

BEHIND = (errno.ENOTDIR, errno.ENAMETOOLONG)  # said of what lies below a file
TAR = b".tar"
HELD_INDEXES = 256
INDEX_FOLDER = "SERIATIM_TARS"  # environment variable: where the processes of a run keep indexes of tars

AnyPath = bytes | str | os.PathLike[str]


def use_indexes(collection: AnyPath) -> None:
    """Have this process, and those that it starts, find the indexes of tars in the folder of a collection."""
    os.environ[INDEX_FOLDER] = os.path.abspath(os.path.join(os.fsdecode(collection), "tars"))


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


def member_behind(path: AnyPath, error: OSError) -> "TarMember":
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


class OpenTar:
    """A tar that is held open."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        # Not blocking: a named pipe put in its place must not stop the run for ever.
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self.found = os.fstat(self.fd)

    def index(self, keep: bool = False) -> "TarIndex":
        """Return what is in it; where that had to be found out, it is written down if it is to be kept."""
        from scripts.lib.files.tars.index import index_tar, keep_index, kept_index

        index = INDEXES.get(self.path, self.found)
        if index is None:
            index = kept_index(self.path, self.found) or index_tar(self.fd, self.found)
        if keep and not index.is_kept and self.is_unchanged():
            keep_index(self.path, index)
        INDEXES.put(self.path, self.found, index)
        return index

    def is_unchanged(self) -> bool:
        """Tell whether it has the size and time that it had when it was opened."""
        now = os.fstat(self.fd)
        return (now.st_size, now.st_mtime_ns) == (self.found.st_size, self.found.st_mtime_ns)

    def close(self) -> None:
        """Close it."""
        os.close(self.fd)

    def __enter__(self) -> "OpenTar":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Indexes:
    """The indexes that this process used last; threads may share them."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, tuple[tuple[int, ...], TarIndex]] = OrderedDict()
        self._lock = Lock()

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._held.clear()

    def get(self, tar: bytes, found: os.stat_result) -> "TarIndex | None":
        """Return the index of a tar if it is of this state of it."""
        with self._lock:
            state, index = self._held.get(tar, ((), None))
            return index if state == _state(found) else None

    def put(self, tar: bytes, found: os.stat_result, index: "TarIndex") -> None:
        """Hold an index, and let go of the one that was used longest ago."""
        with self._lock:
            self._held[tar] = (_state(found), index)
            self._held.move_to_end(tar)
            while len(self._held) > HELD_INDEXES:
                self._held.popitem(last=False)


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


INDEXES = Indexes()


def member_status(tar: os.stat_result, member: "Member") -> os.stat_result:
    """Return the status of a member, as far as it has one.

    Size, permissions and time of modification are its own, there is no inode, and `st_ctime_ns` is a number
    that changes when its bytes may: times of members are often the same, whatever becomes of the tar.
    """
    text = b"%d %d %d" % (tar.st_size, tar.st_mtime_ns, member.start)
    stamp = int.from_bytes(blake2b(text, digest_size=7).digest(), "big")
    mode = stat.S_IFREG | member.mode & 0o777
    whole = member.mtime_ns // 10**9
    fields = (mode, 0, tar.st_dev, 0, tar.st_uid, tar.st_gid, member.size, whole, whole, 0)
    times = {"st_atime_ns": member.mtime_ns, "st_mtime_ns": member.mtime_ns, "st_ctime_ns": stamp}
    return os.stat_result(fields, times)


class TarMember(io.RawIOBase):
    """A member of a tar as a file; no byte around it can be read through it.

    status : what `member_status` says
    """

    def __init__(self, tar: OpenTar, member: "Member") -> None:
        self._tar, self._member, self._place = tar, member, 0
        self.status = member_status(tar.found, member)

    def is_unchanged(self) -> bool:
        """Tell whether its tar is as it was when it was opened."""
        return self._tar.is_unchanged()

    def readable(self) -> bool:
        """Say so."""
        return True

    def seekable(self) -> bool:
        """Say so."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; return it."""
        place = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._member.size}[whence]
        if place < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._place = place
        return place

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """Read what comes next into a buffer; return how much that is."""
        length = max(0, min(len(buffer), self._member.size - self._place))
        done = os.preadv(self._tar.fd, [memoryview(buffer)[:length]], self._member.start + self._place)
        self._place += done
        return done

    def readall(self) -> bytes:
        """Read all that is left, in one go where the system gives it so."""
        length = max(0, self._member.size - self._place)
        data = os.pread(self._tar.fd, length, self._member.start + self._place)
        self._place += len(data)
        if len(data) < length and data:
            return data + self.readall()
        return data

    def close(self) -> None:
        """Close it, and its tar."""
        if not self.closed:
            self._tar.close()
        super().close()
