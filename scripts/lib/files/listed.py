"""The files that lists name, each once, whatever is in the lists.

A path is one of the folder in which the list lies; or else, as our own lists have it, of the working folder.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from scripts.lib.files.found import Excluder, Found, Passed, extension, found_at, identity_of
from scripts.lib.files.lists import paths_in, readings_of
from scripts.lib.files.originals import may_be_member, status_of, tar_above
from scripts.lib.files.paths import absolute, readable
from scripts.lib.files.sources import LISTS, kind_of
from scripts.lib.files.status import SKIPPED
from scripts.lib.files.tars.members import OpenTar
from scripts.lib.images.formats import kind_of_extension

Key = tuple[object, bytes]


class Named:
    """Which files were named already, under whatever path, and which are not the user's.

    Parameters
    ----------
    own : folders of ours
    moved : files in them that are the user's none the less, and where each came from
    keep : whether the indexes of tars that lists lead into are written down
    """

    def __init__(self, own: Sequence[bytes], moved: Mapping[bytes, bytes], keep: bool) -> None:
        self.keep = keep
        self.own = [(os.path.realpath(folder), folder) for folder in own]
        self.moved = {*moved, *moved.values()}
        self._seen: set[Key] = set()
        self._folders: dict[bytes, tuple[object, bytes | None]] = {}

    def noting(self, entries: Iterable[Found | Passed]) -> Iterator[Found | Passed]:
        """Yield entries that were found otherwise, and note them."""
        for entry in entries:
            self.is_new(entry.path)
            yield entry

    def is_new(self, path: bytes) -> bool:
        """Tell whether a file is named for the first time, and note it."""
        folder, _, name = path.rpartition(b"/")
        key = (self._known(folder)[0], name)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def own_folder(self, path: bytes) -> bytes | None:
        """Return the folder of ours in which a file lies, if it does."""
        return self._known(path.rpartition(b"/")[0])[1]

    def was_moved(self, path: bytes) -> bool:
        """Tell whether a file was moved from there, or to there; such are found by other means."""
        return bool(self.moved) and absolute(path) in self.moved

    def _known(self, folder: bytes) -> tuple[object, bytes | None]:
        """Return what a folder is known by, and the folder of ours in which it lies."""
        if folder not in self._folders:
            self._folders[folder] = (self._identity(folder or b"."), self._own_above(folder or b"."))
        return self._folders[folder]

    def _identity(self, folder: bytes) -> object:
        """Return what a folder is known by, or one in a tar; a path of nothing is known by its text."""
        tar = tar_above(folder + b"/") if may_be_member(folder + b"/") else None
        with suppress(OSError, ValueError):
            if tar is None:
                return identity_of(folder)
            with OpenTar(tar) as opened:
                opened.index(self.keep)
                return opened.found.st_dev, opened.found.st_ino, folder[len(tar) :]
        return folder

    def _own_above(self, folder: bytes) -> bytes | None:
        real = os.path.realpath(folder) + b"/"
        return next((own for outer, own in self.own if real.startswith(outer.rstrip(b"/") + b"/")), None)


def walk_lists(lists: Sequence[bytes], named: Named, excluded: Excluder) -> Iterator[Found | Passed]:
    """Yield every file that the lists name and that was not named before, and whatever could not be taken.

    Raises
    ------
    InputError
        when a list can't be read.
    """
    for source in lists:
        for written in paths_in(source):
            entry = _entry(source, written, named)
            if entry is None or excluded.anywhere(os.path.dirname(source), entry.path):
                continue
            if named.is_new(entry.path):
                yield entry


def _entry(source: bytes, written: bytes, named: Named) -> Found | Passed | None:
    """Return the file of a line, or why there is none; None for one that was moved into an output."""
    failure: OSError | ValueError | None = None
    for path in places_of(source, written):
        try:
            status = status_of(path)
        except (OSError, ValueError) as error:
            failure = failure or error
            if named.was_moved(path):
                return None
            continue
        return _judged(source, path, status, named)
    path = next(places_of(source, written))
    reason = failure.strerror if isinstance(failure, OSError) else failure
    return Passed(source, path, f"is named in {readable(source)}, and can't be read: {reason}", _kind(path))


def _judged(source: bytes, path: bytes, status: os.stat_result, named: Named) -> Found | Passed | None:
    if stat.S_ISDIR(status.st_mode):
        return Passed(source, path, f"is named in {readable(source)}, and is a folder", "folder")
    if not stat.S_ISREG(status.st_mode):
        return Passed(source, path, "not a regular file", _kind(path))
    if own := named.own_folder(path):
        if named.was_moved(path):
            return None
        reason = f"is named in {readable(source)}, and lies in {readable(own)}, to which this program writes"
        return Passed(source, path, reason, _kind(path), SKIPPED)
    return found_at(source, path, status)


def _kind(path: bytes) -> str:
    return kind_of_extension(extension(path))


def places_of(source: bytes, written: bytes) -> Iterator[bytes]:
    """Yield where the file of a line of a list may be, the likeliest first."""
    folder = os.path.dirname(source)
    for path in readings_of(written):
        beside = _shortest(os.path.join(folder, path))
        yield beside
        if (here := _shortest(path)) != beside:
            yield here


def _shortest(path: bytes) -> bytes:
    """Return a path in its shortest form; `..` stays, because behind a link it leads elsewhere."""
    if (b"./" in path or b"//" in path) and b".." not in path.split(b"/"):
        return os.path.normpath(path)
    return path


def originals_named(roots: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return every path that lists among some roots may mean, by where it leads from the root folder."""
    named: dict[bytes, bytes] = {}
    for source in (root for root in roots if kind_of(root) in LISTS):
        for written in paths_in(source):
            for path in places_of(source, written):
                named.setdefault(absolute(path), path)
    return named
