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


def claim(
    path: Path, owner: Owner | None = None, job_lives: Callable[[str], bool | None] = lambda job: None
) -> IO[str]:
    """Lock a file for the life of this process; keep what is returned.

    owner : who is to be named in the file, beside the kernel's lock
    job_lives : tells whether a job of the cluster is still at work, None where that can't be known

    Raises
    ------
    InputError
        when another owner holds it, or may hold it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("a+", encoding="utf-8")
    try:
        kernel = flock(lock)
    except BlockingIOError:
        lock.close()
        raise InputError(
            f"Another run is at work in this folder ({path} is locked). Wait until it has ended, or stop it."
        ) from None
    former = named_owner(path)
    if former and not _is_gone(former, kernel, job_lives):
        lock.close()
        raise InputError(_at_work(former, path))
    _name(lock, owner if kernel else owner or this_process())
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


def _name(lock: IO[str], owner: Owner | None) -> None:
    """Write the owner into the file, and take it out when this process ends by itself."""
    lock.truncate(0)
    if owner:
        lock.write(json.dumps(asdict(owner)))
        lock.flush()
        os.fsync(lock.fileno())
        atexit.register(_forget, lock, os.getpid())


def _forget(lock: IO[str], process: int) -> None:
    if os.getpid() == process and not lock.closed:  # a fork holds the lock, but is not its owner
        lock.truncate(0)


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
