"""An output folder, and the few things that may be done to it.

Nothing here overwrites: a staged file is renamed by a call that fails where the name is taken; any
other gets its name by a hard link, which fails there, too, and loses its former one afterwards. Folders
are held open and every path is relative to them, so that no symbolic link, even one put there
meanwhile, leads out of the output folder.
"""

import contextlib
import ctypes
import errno
import os
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from scripts.lib.errors import OutputError
from scripts.lib.files.paths import readable
from scripts.lib.output.naming.portable_names import folded
from scripts.lib.output.naming.short_names import numbered_name

try:
    import fcntl
except ImportError:  # no kernel locks on this system
    fcntl = None  # type: ignore[assignment]

HOME = b".seriatim"
STAGING = b".seriatim/tmp"  # files being made; swept at every start
PARKED = b".seriatim/parked"  # our files on their way from one name to another
REMOVED = b".removed"
LEDGER = b".seriatim/ledger.jsonl"
LOCK = b".seriatim/lock"
CHUNK = 1 << 20
HELD_FOLDERS = 256

CANNOT_LINK = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
UNFIT_NAME = {errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG}
CANNOT_LOCK = {errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL}
LIBC = ctypes.CDLL(None, use_errno=True)
SYNCFS: Callable[[int], int] | None = getattr(LIBC, "syncfs", None)
RENAMEAT2: Callable[[int, bytes, int, bytes, int], int] | None = getattr(LIBC, "renameat2", None)
RENAME_NOREPLACE = 1  # linux/fs.h


class Move(NamedTuple):
    """A file to be given another name, both relative to the output folder."""

    here: bytes
    there: bytes


class Folder:
    """A folder held open, for as long as anybody refers to it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __del__(self) -> None:
        os.close(self.fd)


class OutputFolder:
    """The output folder, held open. `path` has its symbolic links resolved once and for all."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._root = Folder(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        self._held: OrderedDict[bytes, Folder] = OrderedDict()  # the last used last
        self.device = os.fstat(self._root.fd).st_dev
        self.name_limit = os.pathconf(self.path, "PC_NAME_MAX")

    def __enter__(self) -> "OutputFolder":
        return self

    def __exit__(self, *_: object) -> None:
        self._held.clear()
        del self._root

    def make(self, *folders: bytes) -> list[bytes]:
        """Create folders where they are missing, parents first; return those that were."""
        made = []
        for folder in folders:
            parent = self._parent(folder)
            with contextlib.suppress(FileExistsError):
                os.mkdir(_base(folder), 0o777, dir_fd=parent.fd)
                made.append(folder)
            self.folder(folder)
        return made

    def folder(self, folder: bytes) -> Folder:
        """Return a folder, held open. Raises OutputError if it is none of its own.

        Of many folders only the last used stay open. Keep the result as long as its descriptor is used.
        """
        if not folder:
            return self._root
        held = self._held.pop(folder, None) or self._opened(folder)
        self._held[folder] = held
        if len(self._held) > HELD_FOLDERS:
            self._held.popitem(last=False)
        return held

    def _opened(self, folder: bytes) -> Folder:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        parent = self._parent(folder)
        try:
            return Folder(os.open(_base(folder), flags, dir_fd=parent.fd))
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise OutputError(
                f"{readable(folder)!r} in the output folder {str(self.path)!r} is a symbolic "
                "link or a file, where a folder is needed. Move it away, or choose another "
                "output folder."
            ) from error

    def _parent(self, path: bytes) -> Folder:
        return self.folder(parent_of(path))

    def open(self, path: bytes, flags: int, mode: int = 0o600) -> int:
        """Open a file that is no symbolic link."""
        parent = self._parent(path)
        return os.open(_base(path), flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=parent.fd)

    def lstat(self, path: bytes) -> os.stat_result | None:
        """Return what is at a path, None if nothing is."""
        try:
            parent = self._parent(path)
            return os.stat(_base(path), dir_fd=parent.fd, follow_symlinks=False)
        except OSError as error:
            if error.errno in {errno.ENOENT} | UNFIT_NAME:
                return None
            raise

    def readlink(self, path: bytes) -> bytes | None:
        """Return the text of a symbolic link, None if there is none."""
        parent = self._parent(path)
        with contextlib.suppress(OSError):
            return os.readlink(_base(path), dir_fd=parent.fd)
        return None

    def listing(self, folder: bytes = b"") -> list[bytes]:
        """Return the names in a folder, sorted; none if there is no such folder."""
        try:
            held = self.folder(folder)
            return sorted(os.fsencode(name) for name in os.listdir(held.fd))
        except FileNotFoundError:
            return []

    def hold_link(self, source: bytes, path: bytes) -> None:
        """Make a path another name of a source outside; a symbolic link is followed to its file."""
        parent = self._parent(path)
        os.link(source, _base(path), dst_dir_fd=parent.fd, follow_symlinks=True)

    def lead_out(self, path: bytes, place: bytes) -> None:
        """Give a file of the output another name outside, where there is none."""
        parent = self._parent(path)
        os.link(_base(path), place, src_dir_fd=parent.fd, follow_symlinks=False)

    def symlink(self, text: bytes, path: bytes) -> None:
        """Make a path a symbolic link."""
        parent = self._parent(path)
        os.symlink(text, _base(path), dir_fd=parent.fd)

    def remove_folder(self, folder: bytes) -> bool:
        """Remove a folder if it is empty; tell whether it is gone."""
        parent = self._parent(folder)
        self._held.pop(folder, None)
        with contextlib.suppress(FileNotFoundError):
            try:
                os.rmdir(_base(folder), dir_fd=parent.fd)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    return False
                raise
        return True

    def has_other_name(self, path: bytes, folder: int, name: bytes) -> bool:
        """Tell whether a name in an opened folder is another one of a file, and not this very name of it."""
        parent, here = self._parent(path), self.lstat(path)
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if here is None or not os.path.samestat(here, there) or there.st_nlink < 2:
            return False
        return _base(path) != name or not os.path.samestat(os.fstat(parent.fd), os.fstat(folder))

    def digest(self, path: bytes) -> bytes | None:
        """Return the BLAKE3-256 of a regular file, None if it is none or cannot be read."""
        try:
            fd = self.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            found = os.fstat(fd)
            return digest_of(fd, found.st_size) if stat.S_ISREG(found.st_mode) else None
        except OSError:
            return None
        finally:
            os.close(fd)

    def unlink(self, path: bytes) -> None:
        """Take a name away."""
        parent = self._parent(path)
        os.unlink(_base(path), dir_fd=parent.fd)

    def relocate(self, moves: Sequence[Move]) -> list[OSError | None]:
        """Give files other names, overwriting nothing; return what stood in the way of each.

        The new names are on the disk before the old ones are taken away. Staged files, which can be made
        again, are renamed in one step, where the system has it.
        """
        outcomes, linked = [], []
        for move in moves:
            renamed = self._renamed(move)
            outcomes.append(None if renamed else self._link(move))
            if not renamed and outcomes[-1] is None:
                linked.append(move)
        self.flush_folders({parent_of(move.there) for move in moves})
        for move in linked:
            self._drop(move)
        return outcomes

    def _renamed(self, move: Move) -> bool:
        """Rename a staged file; tell whether that was possible. If not, a link tells why."""
        if RENAMEAT2 is None or not move.here.startswith(STAGING):
            return False
        here, there = self._parent(move.here), self._parent(move.there)
        names = _base(move.here), _base(move.there)
        return RENAMEAT2(here.fd, names[0], there.fd, names[1], RENAME_NOREPLACE) == 0

    def _drop(self, move: Move) -> None:
        """Take the former name away, unless it is gone or has been given to another file."""
        here, there = self.lstat(move.here), self.lstat(move.there)
        if here is not None and there is not None and os.path.samestat(here, there):
            self.unlink(move.here)

    def _link(self, move: Move) -> OSError | None:
        here, there = self._parent(move.here), self._parent(move.there)
        names = _base(move.here), _base(move.there)
        try:
            os.link(*names, src_dir_fd=here.fd, dst_dir_fd=there.fd, follow_symlinks=False)
        except OSError as error:
            if error.errno not in CANNOT_LINK:
                return error
            return self._rename(move)
        return None

    def _rename(self, move: Move) -> OSError | None:
        """Rename over an empty file of our own: no other can have the name by then."""
        here, there = self._parent(move.here), self._parent(move.there)
        try:
            os.close(self.open(move.there, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except OSError as error:
            return error
        try:
            os.rename(_base(move.here), _base(move.there), src_dir_fd=here.fd, dst_dir_fd=there.fd)
        except OSError as error:
            self.unlink(move.there)
            return error
        return None

    def free_name(self, folder: bytes, name: bytes, taken: set[str]) -> bytes:
        """Return a path in a folder that is neither in use nor taken in any letters, and take it."""
        number = 0
        while True:
            path = os.path.join(folder, numbered_name(name, number, self.name_limit))
            if folded(path) not in taken and self.lstat(path) is None:
                taken.add(folded(path))
                return path
            number += 1

    def flush(self) -> None:
        """Return when all that was written is on the disk.

        One call for many files is 6 times faster than one for each; where the system has no such
        call, each file was flushed when it was written (`flush_file`).
        """
        if not flush_system(self._root.fd):
            self.flush_folders({b"", *self._held})

    def flush_folders(self, folders: set[bytes]) -> None:
        """Return when the names in folders are on the disk."""
        for folder in sorted(folders):
            held = self.folder(folder)
            os.fsync(held.fd)


def flush_system(fd: int) -> bool:
    """Flush a folder's whole file system, or the folder alone where there is no such call; tell which."""
    if SYNCFS is None:
        os.fsync(fd)
    elif SYNCFS(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return SYNCFS is not None


def flush_file(fd: int) -> None:
    """Flush one file, where `OutputFolder.flush` can't flush all of them."""
    if SYNCFS is None:
        os.fsync(fd)


def digest_of(fd: int, size: int) -> bytes:
    """Return the BLAKE3-256 of an open file of about `size` bytes, from its beginning."""
    hasher, done, asked = blake3(), 0, min(CHUNK, size + 1)  # no large buffer for each small file
    while chunk := os.pread(fd, asked, done):
        hasher.update(chunk)
        done += len(chunk)
        if done == size and len(chunk) < asked:  # it ends where it should
            break
    return hasher.digest()


@contextlib.contextmanager
def locked(folder: OutputFolder) -> Iterator[None]:
    """Hold the folder's kernel lock, which any death releases. Raises OutputError if it is held."""
    fd = folder.open(LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(fd, folder.path)
        yield
    finally:
        os.close(fd)


def _lock(fd: int, path: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(
            f"Another run is copying into {str(path)!r}. Wait until it has ended, or choose "
            "another output folder."
        ) from error
    except OSError as error:
        if error.errno not in CANNOT_LOCK:
            raise


def parent_of(path: bytes) -> bytes:
    """Return the folder of a path in the output; quicker than `os.path`, which thinks of more."""
    return path.rpartition(b"/")[0]


def _base(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]
