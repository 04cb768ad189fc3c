"""One run at a time copies into a folder."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from scripts.lib.errors import OutputError
from scripts.lib.output.placement import OutputFolder

try:
    import fcntl
except ImportError:  # no kernel locks on this system
    fcntl = None  # type: ignore[assignment]

LOCK = b".seriatim/lock"
CANNOT_LOCK = {errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL}


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
