"""Names that fit: a name over the limit of a file system loses the end of its stem.

It never loses its extension, nor half of a UTF-8 character.
"""

LONGEST_EXTENSION = 16  # bytes; whatever is longer is no extension but a name with a dot in it


def numbered_name(name: bytes, number: int, limit: int) -> bytes:
    """Return `original.2.jpg` for number 2 and the name itself for 0, at most `limit` bytes."""
    if number == 0:
        return shortened(name, limit)
    stem, extension = split_name(name)
    tail = b".%d" % number + extension
    return beginning(stem, limit - len(tail)) + tail


def shortened(name: bytes, limit: int) -> bytes:
    """Return a name of at most `limit` bytes with the same extension."""
    if len(name) <= limit:
        return name
    stem, extension = split_name(name)
    return beginning(stem, limit - len(extension)) + extension


def split_name(name: bytes) -> tuple[bytes, bytes]:
    """Return stem and extension, which begins with its dot; dots in front begin none."""
    dot = name.rfind(b".")
    if dot < 0 or len(name) - dot > LONGEST_EXTENSION or not name[:dot].strip(b"."):
        return name, b""
    return name[:dot], name[dot:]


def beginning(stem: bytes, limit: int) -> bytes:
    """Return the beginning of a stem, of at most `limit` bytes, or of none if that is negative.

    A UTF-8 character that would be cut in two is dropped whole.
    """
    if len(stem) <= limit:
        return stem
    limit = max(limit, 0)
    for end in range(limit, max(limit - 4, -1), -1):
        if stem[end] & 0xC0 != 0x80:  # begins a character
            return stem[:end]
    return stem[:limit]  # four continuation bytes in a row: not UTF-8, so nothing to keep whole
