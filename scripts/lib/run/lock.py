"""One run at a time in a folder, without locks that outlive their owner.

A kernel lock (flock) goes with its process, whatever ends it. Where the file system has none, a lock
file names host and process; it is taken over once that process is gone.
"""

import errno
import os
import socket
from pathlib import Path
from typing import IO

from scripts.lib.errors import InputError

try:
    import fcntl
except ImportError:  # no flock on this system
    fcntl = None  # type: ignore[assignment]

UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def claim(path: Path) -> IO[str]:
    """Lock a file for the life of this process; keep what is returned.

    Raises
    ------
    InputError
        when another living process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("a+", encoding="utf-8")
    try:
        if not flock(lock):
            _claim_by_name(lock, path)
    except BlockingIOError:
        lock.close()
        raise InputError(
            f"Another run is at work in this folder ({path} is locked). Wait until it has ended, or stop it."
        ) from None
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


def _claim_by_name(lock: IO[str], path: Path) -> None:
    lock.seek(0)
    owner = lock.read().split()
    if len(owner) == 2 and _lives(host=owner[0], process=owner[1]):
        raise BlockingIOError
    path.write_text(f"{socket.gethostname()} {os.getpid()}\n", encoding="utf-8")


def _lives(host: str, process: str) -> bool:
    if host != socket.gethostname():
        return True  # can't be known from here
    if int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
