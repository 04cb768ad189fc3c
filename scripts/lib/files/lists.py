"""Lists of files: plain ones with a path a line, and tables with a column of paths.

What our own stages write can be read, too: `order.txt`, `inventory.parquet`, `order.parquet`, `order.csv`,
`collection.parquet`. These have paths as the working folder sees them, and some as text, which can't hold all
bytes. So each path comes in several readings, of which the first that is there counts.
"""

import re
from collections.abc import Iterator
from functools import partial

from scripts.lib.errors import InputError
from scripts.lib.files.paths import readable
from scripts.lib.files.sources import TABLE, kind_of

LONGEST = 1 << 16  # bytes of a line; a path has 4,096 at most
ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16


def paths_in(source: bytes) -> Iterator[bytes]:
    """Yield the paths of a list or table as they stand there, without blank lines and nulls.

    Raises
    ------
    InputError
        when it can't be read to its end, or has no column of paths.
    """
    try:
        if kind_of(source) == TABLE:
            from scripts.lib.files.tables import paths_in_table  # late: it loads what few collections need

            yield from paths_in_table(source)
        else:
            yield from _lines(source)
    except OSError as error:
        raise InputError(f"The list {readable(source)} can't be read to its end ({error}).") from error


def _lines(source: bytes) -> Iterator[bytes]:
    with open(source, "rb") as stream:
        start = stream.read(3)
        if start.startswith(MARKS):
            raise InputError(f"The list {readable(source)} is in UTF-16. Write it in UTF-8, one path a line.")
        stream.seek(3 if start == b"\xef\xbb\xbf" else 0)
        ends = b"\r\n" if stream.readline(LONGEST).endswith(b"\r\n") else b"\n"
        stream.seek(3 if start == b"\xef\xbb\xbf" else 0)
        for number, line in enumerate(iter(partial(stream.readline, LONGEST), b""), start=1):
            if len(line) == LONGEST:
                raise InputError(
                    f"Line {number:,} of {readable(source)} has {LONGEST:,} bytes and more. Is it a list of "
                    "paths, one a line?"
                )
            path = line.removesuffix(b"\n")
            path = path.removesuffix(b"\r") if ends == b"\r\n" else path
            if path:
                yield path


def readings_of(path: bytes) -> Iterator[bytes]:
    r"""Yield what a path in a list may mean: itself, or what our own files write in its place.

    Those are `\n` for a line break in lists, and in text `\xNN` for bytes that are not UTF-8, and `'` before
    what a spreadsheet would take for a formula.
    """
    yield path
    if rb"\n" in path:
        yield path.replace(rb"\n", b"\n")
    if rb"\x" in path:
        yield ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), path)
    if path.startswith(b"'"):
        yield path[1:]
