"""File names are bytes; people read text."""

import os


def readable(path: bytes | str) -> str:
    r"""Return a path as valid UTF-8 text, any other bytes as \xNN."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def absolute(path: bytes) -> bytes:
    """Return a path from the root; `..` stays, because behind a link it leads elsewhere."""
    return os.path.join(os.fsencode(os.getcwd()), path)


def is_inside(path: bytes, folder: bytes) -> bool:
    """Tell whether a path begins with a folder, and does not leave it again by `..`."""
    beginning = absolute(folder).rstrip(b"/") + b"/"
    return path.startswith(beginning) and b".." not in path[len(beginning) :].split(b"/")
