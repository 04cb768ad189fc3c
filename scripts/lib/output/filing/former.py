"""The folders in which images lay, to be kept underneath the new ones."""

import os
from collections.abc import Iterable, Sequence

from scripts.lib.files.paths import absolute
from scripts.lib.output.naming.folder_names import Folder, Part


def former_folders(paths: Sequence[bytes], roots: Iterable[bytes]) -> list[Folder]:
    """Return the folder of each file below the one of `roots` in which it lies.

    Where it lies in none, as those of the user's own vectors, that is the folder that all of them share.

    paths : absolute
    """
    homes = sorted((absolute(root).rstrip(b"/") + b"/" for root in roots), key=len, reverse=True)
    shared = _shared([path for path in paths if not path.startswith(tuple(homes))])
    return [_below(path, next((home for home in homes if path.startswith(home)), shared)) for path in paths]


def _shared(paths: Sequence[bytes]) -> bytes:
    return os.path.commonpath([os.path.dirname(path) for path in paths]).rstrip(b"/") + b"/" if paths else b""


def _below(path: bytes, home: bytes) -> Folder:
    below = os.path.dirname(path[len(home) :])
    return tuple(Part(name, given=True) for name in below.split(b"/") if name)
