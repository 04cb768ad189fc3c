"""An output folder, and the few things that may be done to it.

Nothing here overwrites: a staged file is renamed by a call that fails where the name is taken; any
other gets its name by a hard link, which fails there, too, and loses its former one afterwards.
"""

import ctypes
import errno
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from scripts.lib.output.held_folder import HeldFolder, base_of, parent_of
from scripts.lib.output.naming.portable_names import folded
from scripts.lib.output.naming.short_names import numbered_name

HOME = b".seriatim"
STAGING = b".seriatim/tmp"  # files being made; swept at every start
PARKED = b".seriatim/parked"  # our files on their way from one name to another
REMOVED = b".removed"
LEDGER = b".seriatim/ledger.jsonl"

CANNOT_LINK = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
LIBC = ctypes.CDLL(None, use_errno=True)
SYNCFS: Callable[[int], int] | None = getattr(LIBC, "syncfs", None)
RENAMEAT2: Callable[[int, bytes, int, bytes, int], int] | None = getattr(LIBC, "renameat2", None)
RENAME_NOREPLACE = 1  # linux/fs.h


class Move(NamedTuple):
    """A file to be given another name, both relative to the output folder."""

    here: bytes
    there: bytes


class OutputFolder(HeldFolder):
    """The output folder: files get names in it, and lose them."""

    def hold_link(self, source: bytes, path: bytes) -> None:
        """Make a path another name of a source outside; a symbolic link is followed to its file."""
        parent = self.parent(path)
        os.link(source, base_of(path), dst_dir_fd=parent.fd, follow_symlinks=True)

    def lead_out(self, path: bytes, place: bytes) -> None:
        """Give a file of the output another name outside, where there is none."""
        parent = self.parent(path)
        os.link(base_of(path), place, src_dir_fd=parent.fd, follow_symlinks=False)

    def symlink(self, text: bytes, path: bytes) -> None:
        """Make a path a symbolic link."""
        parent = self.parent(path)
        os.symlink(text, base_of(path), dir_fd=parent.fd)

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
        here, there = self.parent(move.here), self.parent(move.there)
        names = base_of(move.here), base_of(move.there)
        return RENAMEAT2(here.fd, names[0], there.fd, names[1], RENAME_NOREPLACE) == 0

    def _drop(self, move: Move) -> None:
        """Take the former name away, unless it is gone or has been given to another file."""
        here, there = self.lstat(move.here), self.lstat(move.there)
        if here is not None and there is not None and os.path.samestat(here, there):
            self.unlink(move.here)

    def _link(self, move: Move) -> OSError | None:
        here, there = self.parent(move.here), self.parent(move.there)
        names = base_of(move.here), base_of(move.there)
        try:
            os.link(*names, src_dir_fd=here.fd, dst_dir_fd=there.fd, follow_symlinks=False)
        except OSError as error:
            if error.errno not in CANNOT_LINK:
                return error
            return self._rename(move)
        return None

    def _rename(self, move: Move) -> OSError | None:
        """Rename over an empty file of our own: no other can have the name by then."""
        here, there = self.parent(move.here), self.parent(move.there)
        try:
            os.close(self.open(move.there, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except OSError as error:
            return error
        try:
            os.rename(base_of(move.here), base_of(move.there), src_dir_fd=here.fd, dst_dir_fd=there.fd)
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
