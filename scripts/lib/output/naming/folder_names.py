"""What folders are called: any text into names that every file system takes and none hides.

A folder is a tuple of parts, one below the other. A part is a word, of a cluster or a category, or the
name of a folder that the user has already. Two that are the same text are one folder; others are told
apart by a number where a file system would take their names for one.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from scripts.lib.output.naming.portable_names import PORTABLE_LIMIT, folded, is_device, portable
from scripts.lib.output.naming.short_names import beginning

RANGE = re.compile(rb"\d{4,}-\d{4,}")  # what folders are called that hold a share of many files
NOTHING = b"_"


class Part(NamedTuple):
    """The text of which a folder's name is made; `given` is the name of one that there is, kept as it is."""

    text: bytes
    given: bool = False


Folder = tuple[Part, ...]


def folder_paths(folders: Iterable[Folder], limit: int, everywhere: bool = False) -> dict[Folder, bytes]:
    """Return the path of each folder; the empty one is the output itself, and has the empty path.

    Names do not depend on the order in which folders are given.

    limit : bytes that a name may have
    everywhere : given names, too, are to be such as every file system takes
    """
    paths: dict[Folder, bytes] = {(): b""}
    taken: dict[bytes, set[str]] = defaultdict(set)
    for folder in sorted(set(folders)):
        for depth in range(1, len(folder) + 1):
            if folder[:depth] not in paths:
                parent, part = paths[folder[: depth - 1]], folder[depth - 1]
                name = _free(part, taken[parent], limit, everywhere)
                paths[folder[:depth]] = parent + b"/" + name if parent else name
    return paths


def _free(part: Part, taken: set[str], limit: int, everywhere: bool) -> bytes:
    """Return the first name for a part that is not taken, of `x`, `x 2`, `x 3`, ..., and take it."""
    make = given_name if part.given and not everywhere else folder_name
    name = make(part.text, limit)
    for number in itertools.count(2):
        if folded(name) not in taken:
            break
        tail = b" %d" % number
        name = make(part.text, limit - len(tail)) + tail
    taken.add(folded(name))
    return name


def folder_name(text: bytes, limit: int = PORTABLE_LIMIT) -> bytes:
    """Return a name for a folder that Windows, exFAT and SMB take, too, of at most `limit` bytes."""
    limit = min(limit, PORTABLE_LIMIT)
    name = _allowed(portable(text), limit)
    name = b"_" + beginning(name, limit - 1) if is_device(name) else name
    return portable(name)  # what was cut may end in a space


def given_name(text: bytes, limit: int = PORTABLE_LIMIT) -> bytes:
    """Return the name of a folder as it is, but for what leads elsewhere or is ours."""
    return _allowed(text.replace(b"/", b"_").replace(b"\0", b"_"), limit)


def _allowed(name: bytes, limit: int) -> bytes:
    """Return a name that is one, is not hidden, and is none of those that divide many files."""
    bare = name.lstrip(b".")
    name = b"_" * (len(name) - len(bare)) + bare
    if not name or RANGE.fullmatch(name):
        name = NOTHING + name
    return beginning(name, limit)
