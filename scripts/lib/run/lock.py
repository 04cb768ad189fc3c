"""One run at a time in a folder, without locks that outlive their owner.

A kernel lock (flock) goes with its process, whatever ends it. Where the file system has none, and where a
run has jobs on other hosts, which the kernel's lock may not reach, the file also names its owner. It is
taken over once that is gone: its process, or the job of the cluster that the process was in.
"""

import atexit
import errno
import json
import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from scripts.lib.errors import InputError

try:
    import fcntl
except ImportError:  # no flock on this system
    fcntl = None  # type: ignore[assignment]

UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@dataclass(frozen=True)
class Owner:
    """Who holds a lock.

    run : the name of the jobs that it submits
    job : the job of a cluster that it is in itself
    """

    host: str
    process: int
    begun: str
    run: str = ""
    job: str = ""

    @property
    def words(self) -> str:
        """Return who that is, for people."""
        return f"process {self.process} on {self.host}, begun {self.begun}"


def this_process(run: str = "", job: str = "") -> Owner:
    """Return this process as an owner."""
    return Owner(socket.gethostname(), os.getpid(), f"{datetime.now():%Y-%m-%d %H:%M:%S}", run, job)


def named_owner(path: Path) -> Owner | None:
    """Return the owner that a lock file names: one that is at work, or was killed."""
    try:
        return Owner(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # nobody is named, or a kill came between
        return None


class Lock:
    """A lock that is held until its process ends, or it is closed."""

    def __init__(self, file: IO[str], kernel: bool) -> None:
        self._file, self.kernel = file, kernel

    def name(self, owner: Owner | None) -> None:
        """Write the owner into the file, and take it out when this process ends by itself.

        Without an owner nobody is named where the kernel holds the lock, and this process where it does not.
        """
        self._file.truncate(0)
        if owner := owner or (None if self.kernel else this_process()):
            self._file.write(json.dumps(asdict(owner)))
            self._file.flush()
            os.fsync(self._file.fileno())
            atexit.register(self._forget, os.getpid())

    def close(self) -> None:
        """Let others have it."""
        self._file.close()

    def _forget(self, process: int) -> None:
        if os.getpid() == process and not self._file.closed:  # a fork is not the owner
            self._file.truncate(0)


def claim(path: Path, job_lives: Callable[[str], bool | None] = lambda job: None) -> Lock:
    """Lock a file for the life of this process; keep what is returned.

    A former owner that was killed stays in the file until another one is named, if the kernel holds the lock.

    job_lives : tells whether a job of the cluster is still at work, None where that can't be known

    Raises
    ------
    InputError
        when another owner holds it, or may hold it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        lock = Lock(file, flock(file))
    except BlockingIOError:
        file.close()
        raise InputError(
            f"Another run is at work in this folder ({path} is locked). Wait until it has ended, or stop it."
        ) from None
    former = named_owner(path)
    if former and not _is_gone(former, lock.kernel, job_lives):
        file.close()
        raise InputError(_at_work(former, path))
    if not lock.kernel:
        lock.name(this_process(former.run if former else ""))
    return lock


def flock(lock: IO[str], shared: bool = False, wait: bool = False) -> bool:
    """Take the kernel's lock on an open file; return False where the file system has none.

    Raises
    ------
    BlockingIOError
        when another process holds it, and is not to be waited for.
    """
    if fcntl is None:
        return False
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(lock, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno in UNSUPPORTED:
            return False
        raise
    return True


def _is_gone(owner: Owner, kernel: bool, job_lives: Callable[[str], bool | None]) -> bool:
    if owner.host == socket.gethostname():
        return kernel or owner.process == os.getpid() or not _lives(owner.process)
    return bool(owner.job) and job_lives(owner.job) is False


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _at_work(owner: Owner, path: Path) -> str:
    if owner.host == socket.gethostname():
        return f"Another run is at work in this folder ({owner.words}). Wait until it has ended, or stop it."
    return (
        f"Another run was begun in this folder ({owner.words}), and did not say that it has ended. From this "
        "host that can't be seen. If it is at work, wait; if it is not, run again on that host, or remove "
        f"{path}."
    )
