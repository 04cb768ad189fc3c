"""Members of tars as files, and the indexes by which they are found.

A tar is indexed once: by the scan, which keeps the index in a side file, or by whoever finds none. What that
needs is loaded with the first tar.
"""

import errno
import io
import os
import stat
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.lib.files.tars.index import Member, TarIndex

HELD_INDEXES = 256
INDEX_FOLDER = "SERIATIM_TARS"  # environment variable: where the processes of a run keep indexes of tars


def use_indexes(collection: str | os.PathLike[str]) -> None:
    """Have this process, and those that it starts, find the indexes of tars in the folder of a collection."""
    os.environ[INDEX_FOLDER] = os.path.abspath(os.path.join(collection, "tars"))


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
