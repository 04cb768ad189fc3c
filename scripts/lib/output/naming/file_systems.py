"""On which file system a path lies, and whether that takes any name."""

import contextlib
import os
from pathlib import Path

MOUNTS = "/proc/self/mountinfo"
PICKY = {  # those of Windows and of cameras, and what reaches them over a network or from a host
    *("vfat", "msdos", "exfat", "fuse.exfat", "ntfs", "ntfs3", "fuseblk"),
    *("cifs", "smb3", "smbfs", "vboxsf", "drvfs"),
}


def needs_portable_names(path: str | Path) -> bool:
    """Tell whether a path, there or not yet, lies on a file system that refuses some names."""
    return file_system_of(path) in PICKY


def file_system_of(path: str | Path) -> str | None:
    """Return the type of the file system on which a path, or its nearest parent that exists, lies.

    Types are called as the kernel calls them, `ext4`; nothing is written. None if it can't be found
    out, as on any system but Linux. The kernel is asked for the mount of the opened path: mounts may
    hide each other, and the longest mount point that a path begins with need not be where it lies.
    """
    try:
        with open(MOUNTS, "rb") as mounts:
            mount = _mount_of(Path(os.path.realpath(path)))
            return None if mount is None else _type_of(mount, mounts.read())
    except (OSError, ValueError):  # another system, or a path that can't be one
        return None


def _mount_of(path: Path) -> int | None:
    for existing in (path, *path.parents):
        with contextlib.suppress(OSError):
            return _mount_of_existing(existing)
    return None


def _mount_of_existing(path: Path) -> int | None:
    """Return the number of a path's mount. Nothing is read of the path, and no pipe is waited for."""
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as lines:
            return next((int(line.split()[1]) for line in lines if line.startswith("mnt_id:")), None)
    finally:
        os.close(fd)


def _type_of(mount: int, mounts: bytes) -> str | None:
    """Return the type that a mount has in the kernel's list.

    A line begins with the mount's number; behind ` - `, which no field has in it, comes the type.
    """
    for line in mounts.split(b"\n"):
        if line.startswith(b"%d " % mount):
            return os.fsdecode(line.partition(b" - ")[2].split(b" ")[0])
    return None
