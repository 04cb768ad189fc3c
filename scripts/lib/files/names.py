"""What a copy is called: its position, then the name that its source has.

Names are bytes, and the source's bytes are kept as they are. A name that would exceed the file
system's limit loses the end of its stem, never its extension and never half of a UTF-8 character.
"""

import os

LEAST_DIGITS = 4
LONGEST_EXTENSION = 16  # bytes; whatever is longer is no extension but a name with a dot in it


def index_digits(count: int) -> int:
    """Return how many digits the positions 0 .. count - 1 take, four at least."""
    return max(LEAST_DIGITS, len(str(count - 1)))


def target_name(position: int, source: bytes, digits: int, limit: int) -> bytes:
    """Return `0000_original.jpg`, at most `limit` bytes long."""
    prefix = b"%0*d_" % (digits, position)
    name = os.path.basename(source).replace(b"\0", b"_")  # in no file's name, but in lists of names
    return prefix + shortened(name, limit - len(prefix))


def numbered_name(name: bytes, number: int, limit: int) -> bytes:
    """Return `original.2.jpg` for number 2 and the name itself for 0, at most `limit` bytes."""
    if number == 0:
        return shortened(name, limit)
    stem, extension = _split(name)
    tail = b".%d" % number + extension
    return _cut(stem, limit - len(tail)) + tail


def shortened(name: bytes, limit: int) -> bytes:
    """Return a name of at most `limit` bytes with the same extension."""
    if len(name) <= limit:
        return name
    stem, extension = _split(name)
    return _cut(stem, limit - len(extension)) + extension


def _split(name: bytes) -> tuple[bytes, bytes]:
    stem, extension = os.path.splitext(name)
    return (stem, extension) if len(extension) <= LONGEST_EXTENSION else (name, b"")


def _cut(stem: bytes, limit: int) -> bytes:
    """Return the start of a stem; a UTF-8 character that would be cut in two is dropped whole."""
    if len(stem) <= limit:
        return stem
    for end in range(limit, max(limit - 4, 0), -1):
        if not _continues_character(stem[end]):
            return stem[:end]
    return stem[:limit]  # four continuation bytes in a row: not UTF-8, so nothing to keep whole


def _continues_character(byte: int) -> bool:
    return byte & 0xC0 == 0x80
