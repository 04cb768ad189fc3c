"""A folder, and what lies in it, looked at without ever being led out of it.

Folders are held open and every path is relative to them, so that no symbolic link, even one put there
meanwhile, leads elsewhere.
"""

import contextlib
import errno
import os
import stat
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from blake3 import blake3

from scripts.lib.errors import OutputError
from scripts.lib.files.paths import readable

CHUNK = 1 << 20
HELD_FOLDERS = 256
UNFIT_NAME = {errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG}


class Folder:
    """A folder held open, for as long as anybody refers to it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __del__(self) -> None:
        os.close(self.fd)


class HeldFolder:
    """A folder held open. `path` has its symbolic links resolved once and for all."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._root = Folder(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        self._held: OrderedDict[bytes, Folder] = OrderedDict()  # the last used last
        self.device = os.fstat(self._root.fd).st_dev
        self.name_limit = os.pathconf(self.path, "PC_NAME_MAX")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.clear()
        del self._root

    def make(self, *folders: bytes) -> list[bytes]:
        """Create folders where they are missing, parents first; return those that were."""
        made = []
        for folder in folders:
            parent = self.parent(folder)
            with contextlib.suppress(FileExistsError):
                os.mkdir(base_of(folder), 0o777, dir_fd=parent.fd)
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
        parent = self.parent(folder)
        try:
            return Folder(os.open(base_of(folder), flags, dir_fd=parent.fd))
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            raise OutputError(
                f"{readable(folder)!r} in the output folder {str(self.path)!r} is a symbolic "
                "link or a file, where a folder is needed. Move it away, or choose another "
                "output folder."
            ) from error

    def parent(self, path: bytes) -> Folder:
        """Return the folder of a path, held open."""
        return self.folder(parent_of(path))

    def open(self, path: bytes, flags: int, mode: int = 0o600) -> int:
        """Open a file that is no symbolic link."""
        parent = self.parent(path)
        return os.open(base_of(path), flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=parent.fd)

    def lstat(self, path: bytes) -> os.stat_result | None:
        """Return what is at a path, None if nothing is."""
        try:
            parent = self.parent(path)
            return os.stat(base_of(path), dir_fd=parent.fd, follow_symlinks=False)
        except OSError as error:
            if error.errno in {errno.ENOENT} | UNFIT_NAME:
                return None
            raise

    def readlink(self, path: bytes) -> bytes | None:
        """Return the text of a symbolic link, None if there is none."""
        parent = self.parent(path)
        with contextlib.suppress(OSError):
            return os.readlink(base_of(path), dir_fd=parent.fd)
        return None

    def listing(self, folder: bytes = b"") -> list[bytes]:
        """Return the names in a folder, sorted; none if there is no such folder."""
        try:
            held = self.folder(folder)
            return sorted(os.fsencode(name) for name in os.listdir(held.fd))
        except FileNotFoundError:
            return []

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

    def has_other_name(self, path: bytes, folder: int, name: bytes) -> bool:
        """Tell whether a name in an opened folder is another one of a file, and not this very name of it."""
        parent, here = self.parent(path), self.lstat(path)
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if here is None or not os.path.samestat(here, there) or there.st_nlink < 2:
            return False
        return base_of(path) != name or not os.path.samestat(os.fstat(parent.fd), os.fstat(folder))

    def remove_folder(self, folder: bytes) -> bool:
        """Remove a folder if it is empty; tell whether it is gone."""
        self._held.pop(folder, None)
        with contextlib.suppress(FileNotFoundError):
            try:
                parent = self.parent(folder)
                os.rmdir(base_of(folder), dir_fd=parent.fd)
            except OutputError:  # something else has the place of the folder above
                return False
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    return False
                raise
        return True

    def unlink(self, path: bytes) -> None:
        """Take a name away."""
        parent = self.parent(path)
        os.unlink(base_of(path), dir_fd=parent.fd)


def digest_of(fd: int, size: int) -> bytes:
    """Return the BLAKE3-256 of an open file of about `size` bytes, from its beginning."""
    hasher, done, asked = blake3(), 0, min(CHUNK, size + 1)  # no large buffer for each small file
    while chunk := os.pread(fd, asked, done):
        hasher.update(chunk)
        done += len(chunk)
        if done == size and len(chunk) < asked:  # it ends where it should
            break
    return hasher.digest()


def parent_of(path: bytes) -> bytes:
    """Return the folder of a path in the output; quicker than `os.path`, which thinks of more."""
    return path.rpartition(b"/")[0]


def folders_above(paths: Iterable[bytes]) -> set[bytes]:
    """Return all folders in the output that lead to some paths."""
    found: set[bytes] = set()
    for folder in map(parent_of, paths):
        while folder and folder not in found:
            found.add(folder)
            folder = parent_of(folder)
    return found


def base_of(path: bytes) -> bytes:
    """Return the name in its folder of a path in the output."""
    return path.rpartition(b"/")[2]
