"""What a file has besides bytes, time and permissions, and would lose by being moved to another disk."""

import contextlib
import os


def keep_attributes(copy: int, source: int) -> None:
    """Give an open file the owner, group and extended attributes of another, as far as the system lets us.

    Comes before permissions and time: a new owner takes permissions away.
    """
    found = os.fstat(source)
    for owner, group in ((found.st_uid, -1), (-1, found.st_gid)):
        with contextlib.suppress(OSError):
            os.fchown(copy, owner, group)
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(copy, name, os.getxattr(source, name))
