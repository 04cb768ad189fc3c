"""What an entry of `images` can be: a folder, a list or a table of files, a tar, or a pattern of such."""

import glob
import itertools
import os
import re
import stat
from collections.abc import Iterator, Sequence

from scripts.lib.errors import InputError
from scripts.lib.files.paths import readable

FOLDER, LIST, TABLE, TAR, MISSING, OTHER = "folder", "list", "table", "tar", "missing", "other"
LISTS = (LIST, TABLE)
KINDS = {".txt": LIST, ".lst": LIST, ".parquet": TABLE, ".csv": TABLE, ".tar": TAR}  # by extension
COMPRESSED = re.compile(r"\.(tar\.\w+|tgz|tbz2?|txz|tzst)$", re.IGNORECASE)
RANGE = re.compile(r"(\d+)\.\.(\d+)")
BRACES = re.compile(r"\{([^{}]*)\}")
MOST_FILES = 100_000  # that braces may stand for


def kind_of(root: bytes) -> str:
    """Return what a root is, by what lies there and, of a file, by its extension."""
    try:
        mode = os.stat(root).st_mode
    except (OSError, ValueError):
        return MISSING
    if stat.S_ISDIR(mode):
        return FOLDER
    extension = os.fsdecode(os.path.splitext(root)[1]).lower()
    return KINDS.get(extension, OTHER) if stat.S_ISREG(mode) else OTHER


def names_file(root: bytes) -> bool:
    """Tell whether a root is called like a list or a tar, not like a folder."""
    return os.fsdecode(os.path.splitext(root)[1]).lower() in KINDS


def roots_named(entry: str) -> list[str]:
    """Return the folders and files that an entry of `images` stands for, without asking what they are.

    Braces are webdataset's, `{000..099}` and `{a,b}`, and stand for each file, there or not. `*`, `?` and `[`
    stand for what is there, sorted. An entry that is there as it is written, or that fits nothing, is itself.
    """
    if os.path.lexists(entry):
        return [entry]
    named = list(itertools.islice(_without_braces(entry), MOST_FILES + 1))
    if len(named) > MOST_FILES:
        return [entry]
    return [path for each in named for path in _matches(each)]


def _matches(pattern: str) -> Sequence[str]:
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [pattern]
    return sorted(glob.glob(pattern, recursive=True)) or [pattern]


def _without_braces(entry: str) -> Iterator[str]:
    found = BRACES.search(entry)
    choices = _choices(found[1]) if found else None
    if found is None or choices is None:
        yield entry
        return
    for choice in choices:
        yield from (entry[: found.start()] + choice + rest for rest in _without_braces(entry[found.end() :]))


def _choices(braces: str) -> Iterator[str] | None:
    """Return what braces stand for, None if they are no pattern."""
    bounds = RANGE.fullmatch(braces)
    if bounds:
        first, last = bounds.groups()
        if len(last) > 9 or not 0 <= int(last) - int(first) < MOST_FILES:
            return None
        width = len(first) if first.startswith("0") or len(first) == len(last) else 0
        return (f"{number:0{width}d}" for number in range(int(first), int(last) + 1))
    return iter(braces.split(",")) if "," in braces else None


def check_kinds(roots: Sequence[bytes]) -> None:
    """Refuse files that are neither tars nor lists of files.

    Raises
    ------
    InputError
        naming the first, and what to do.
    """
    for root in roots:
        if kind_of(root) != OTHER:
            continue
        if COMPRESSED.search(os.fsdecode(root)):
            raise InputError(
                f"The tar {readable(root)} is compressed, so nothing in it can be found without reading all."
                " Decompress it (images in it are compressed themselves), or unpack it and name the folder."
            )
        raise InputError(
            f"{readable(root)} is neither a folder, nor a list of files (.txt, .lst, .parquet, .csv), nor a"
            " tar (.tar). Name the folder in which it lies, or write its path into a list, one path a line."
        )
