"""How our files in an output folder fare: by size and time and, where in doubt, by their bytes."""

import os
import stat
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Literal, NamedTuple

from scripts.lib.files.ledger import Own
from scripts.lib.files.placement import OutputFolder
from scripts.lib.files.staging import Inodes


class Standing(NamedTuple):
    """How a file of ours fares: as we made it, altered, gone, or replaced by what is no file."""

    state: Literal["sound", "altered", "missing", "replaced"]
    stat: os.stat_result | None

    @property
    def is_file(self) -> bool:
        """Whether there is a file, ours or altered."""
        return self.state in ("sound", "altered")

    def still(self, found: os.stat_result | None) -> bool:
        """Whether what is found now is the file that was surveyed, untouched."""
        if found is None or self.stat is None:
            return False
        return _identity(found) == _identity(self.stat)


def survey(
    folder: OutputFolder,
    owned: Mapping[bytes, Own],
    trusted: Mapping[bytes, bytes | None],
    pool: Executor,
) -> dict[bytes, Standing]:
    """Look at every file of ours.

    Size and time suffice for files at which the content in `trusted` is wanted, path to content;
    the others are to be moved or removed, and are hashed, as is every file whose time differs.
    """
    standing = {path: _at_first_sight(folder.lstat(path), owned[path]) for path in sorted(owned)}
    doubtful = [
        path
        for path, found in standing.items()
        if found.state == "altered" or (found.state == "sound" and trusted.get(path) != owned[path].content)
    ]
    for path, content in zip(doubtful, pool.map(folder.digest, doubtful), strict=True):
        state: Literal["sound", "altered"] = "sound" if content == owned[path].content else "altered"
        standing[path] = standing[path]._replace(state=state)
    return standing


def _identity(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def inodes(standing: Mapping[bytes, Standing]) -> Inodes:
    """Return the inodes of all files of ours."""
    stats = (found.stat for found in standing.values() if found.stat is not None)
    return frozenset((found.st_dev, found.st_ino) for found in stats)


def _at_first_sight(found: os.stat_result | None, file: Own) -> Standing:
    if found is None:
        return Standing("missing", None)
    if not stat.S_ISREG(found.st_mode):
        return Standing("replaced", None)
    same = (found.st_size, found.st_mtime_ns) == (file.size, file.mtime_ns)
    return Standing("sound" if same else "altered", found)
