"""What is said where a disk takes no more.

The system says "No space left on device" and not of which file, NumPy not even that. What a user needs is the
path, the reason, how much room there is, and what to do.
"""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scripts.lib.errors import DiskError

SPACE = "Make room there"
PERMISSION = "Get the right to write there"
REASONS = {  # what the disk is, and what to do
    errno.ENOSPC: ("its disk is full", SPACE),
    errno.EDQUOT: ("its disk's quota is used up", SPACE),
    errno.EFBIG: ("its disk takes no file that large", "Choose another disk"),
    errno.EROFS: ("its disk is mounted read-only", "Mount it for writing"),
    errno.EACCES: ("permission was denied", PERMISSION),
    errno.EPERM: ("permission was denied", PERMISSION),
}
DENIED = (errno.EACCES, errno.EPERM)  # may be said of a file that is read, too
OF_SQLITE = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_READONLY": errno.EROFS}
NO_ROOM = 1 << 16  # bytes; a disk is not always filled to the last one


@contextmanager
def writing(path: Path, needed: int | None = None) -> Iterator[None]:
    """Turn what goes wrong while a file, or one in a folder, is written into an error that says what to do.

    Raises
    ------
    DiskError
        naming `path`; `needed` is how many bytes are to be written.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        number = reason_of(path, error)
        if number is None or (number in DENIED and not _is_about(path, error)):
            raise
        raise disk_error(path, number, needed) from error


def disk_error(path: Path, number: int, needed: int | None = None) -> DiskError:
    """Return the error that says why a path can't be written, by the number of the system's reason."""
    reason, advice = REASONS[number]
    room = _room(path, needed) if advice == SPACE else ""
    return DiskError(
        f"{path} can't be written: {reason}{room}. {advice}, and run the same command again; what is done is "
        "kept."
    )


def as_disk_error(error: Exception) -> Exception:
    """Return the error to tell of one that nothing else has explained: of a disk, if that is to blame."""
    path = Path(os.fsdecode(getattr(error, "filename", None) or os.curdir)).absolute()
    number = reason_of(path, error)
    if number is None or number in DENIED:
        return error
    return disk_error(path, number).with_traceback(error.__traceback__)


def reason_of(path: Path, error: Exception) -> int | None:
    """Return the number of the reason, None where the disk is not to blame."""
    if isinstance(error, sqlite3.Error):
        return OF_SQLITE.get(getattr(error, "sqlite_errorname", ""))
    if not isinstance(error, OSError):
        return None
    if error.errno is None:  # NumPy, of a file that it could not write to its end
        free = _free(path)
        return errno.ENOSPC if free is not None and free < NO_ROOM else None
    return error.errno if error.errno in REASONS else None


def _is_about(path: Path, error: Exception) -> bool:
    """Tell whether it is the file, or its folder, that was denied, and not one that was read meanwhile."""
    name = getattr(error, "filename", None)
    if name is None:
        return True
    denied = Path(os.fsdecode(name))
    return denied.parent == path.parent or denied in path.parents or path in denied.parents


def _room(path: Path, needed: int | None) -> str:
    amounts = {"free": _free(path), "needed": needed}
    known = [f"{amount / 1e6:,.1f} MB {what}" for what, amount in amounts.items() if amount is not None]
    return f" ({', '.join(known)})" if known else ""


def _free(path: Path) -> int | None:
    """Return the free bytes of a path's disk, None where they can't be known."""
    for place in (path, *path.parents):
        with suppress(OSError):
            return shutil.disk_usage(place).free
    return None
