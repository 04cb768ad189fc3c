"""How our files in an output folder fare: by size and time and, where in doubt, by their bytes."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Literal, NamedTuple

from scripts.lib.output.ledger import Own
from scripts.lib.output.placement import OutputFolder
from scripts.lib.output.staging import Inodes
from scripts.lib.output.targets import stat_of


class Standing(NamedTuple):
    """How a file of ours fares: as we made it, altered, gone, or replaced by what is no file."""

    state: Literal["sound", "altered", "missing", "replaced"]
    stat: os.stat_result | None

    @property
    def is_file(self) -> bool:
        """Whether there is a file, ours or altered."""
        return self.state in ("sound", "altered")

    def still(self, found: os.stat_result | None, linked: bool = False) -> bool:
        """Whether what is found now is the file that was surveyed, untouched.

        linked : it has other names, and was changed by nothing if one of them came or went
        """
        if found is None or self.stat is None:
            return False
        return _identity(found, linked) == _identity(self.stat, linked)


def survey(
    folder: OutputFolder,
    owned: Mapping[bytes, Own],
    trusted: Mapping[bytes, bytes | None],
    pool: Executor,
    progress: Callable[[int], object] = lambda files: None,
) -> dict[bytes, Standing]:
    """Look at every file of ours.

    Size and time suffice for files at which the content in `trusted` is wanted, path to content;
    the others are to be moved or removed, and are hashed, as is every file whose time differs. Links have no
    bytes of their own: a symbolic one is sound with its text, a hard one while it is a name of its source.
    """
    standing = {}
    for path in sorted(owned):
        standing[path] = _at_first_sight(folder, path, owned[path])
        progress(1)
    doubtful = [
        path
        for path, found in standing.items()
        if found.is_file and _is_doubtful(owned[path], found, trusted.get(path))
    ]
    for path, content in zip(doubtful, pool.map(folder.digest, doubtful), strict=True):
        standing[path] = standing[path]._replace(state=_as_recorded(content == owned[path].content))
        progress(0)
    return standing


def _is_doubtful(file: Own, found: Standing, wanted: bytes | None) -> bool:
    if file.kind in ("symlink", "move") or (file.kind == "hardlink" and is_name_of(found, file.source)):
        return False
    return found.state == "altered" or wanted != file.content


def is_name_of(standing: Standing, source: bytes) -> bool:
    """Tell whether a file of ours is a name of the very file that a source is."""
    found = stat_of(source)
    return found is not None and standing.stat is not None and os.path.samestat(found, standing.stat)


def outlives(standing: Standing, source: bytes, barred: Inodes) -> bool:
    """Tell whether a source is the very file that a file of ours is, under a name that is not ours."""
    found = standing.stat
    return found is not None and is_name_of(standing, source) and (found.st_dev, found.st_ino) not in barred


def _identity(found: os.stat_result, linked: bool) -> tuple[int, int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns, 0 if linked else found.st_ctime_ns


def inodes(owned: Mapping[bytes, Own], standing: Mapping[bytes, Standing]) -> Inodes:
    """Return the inodes of what is ours alone: of copies, and of other files that have no name but ours.

    A path that leads to one of them, through a link into the output for instance, is no source: nothing may
    be removed because of it.
    """
    files = [(path, found.stat) for path, found in standing.items() if found.stat and path in owned]
    names = Counter((found.st_dev, found.st_ino) for _, found in files)
    return frozenset(
        (found.st_dev, found.st_ino)
        for path, found in files
        if owned[path].kind == "copy" or found.st_nlink <= names[found.st_dev, found.st_ino]
    )


def _at_first_sight(folder: OutputFolder, path: bytes, file: Own) -> Standing:
    found = folder.lstat(path)
    if found is None:
        return Standing("missing", None)
    if file.kind == "symlink":
        text = folder.readlink(path)
        if text is None:
            return Standing("replaced", None)
        return Standing(_as_recorded(text == file.link), found)
    if not stat.S_ISREG(found.st_mode):
        return Standing("replaced", None)
    same = (found.st_size, found.st_mtime_ns) == (file.size, file.mtime_ns)
    return Standing(_as_recorded(same), found)


def _as_recorded(same: bool) -> Literal["sound", "altered"]:
    return "sound" if same else "altered"
