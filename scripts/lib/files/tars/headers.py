"""The headers of a tar, one after the other: what lies where in it.

Nothing of the members' bytes is read. Formats: the old one, POSIX ustar and pax, and GNU's long names and
large numbers (POSIX.1-2017, `pax`, "Extended Description"; GNU tar, "Basic Tar Format"). The standard
library's reader takes two to three times as long, holds all members, and reads extended headers of any size.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

BLOCK = 512
LONGEST = 1 << 20  # bytes of an extended header: a name has 4,096 at most
LARGEST = 2**63 - 1  # of a time in tables
NO_DATA = b"123456"  # links, devices, folders, pipes
LONG_NAME, LONG_LINK, PAX, PAX_GLOBAL, PAX_SUN = b"L", b"K", b"x", b"g", b"X"
SPARSE = b"S"  # with holes that are left out, so that its bytes are not those of the file
WANTED = (b"path", b"linkpath", b"size", b"mtime")  # of an extended header
COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
}


class Entry(NamedTuple):
    """One entry of a tar.

    name : as it stands there, whatever it leads to
    kind : the type flag of the header
    start, size : of its bytes in the tar
    link : what a link leads to
    """

    name: bytes
    kind: bytes
    start: int
    size: int
    mtime_ns: int
    mode: int
    link: bytes


class DamagedTar(Exception):
    """The tar can't be read further; the message says why."""


Extended = dict[bytes, bytes]


def entries(fd: int, length: int) -> Iterator[Entry]:
    """Yield the entries of an open tar of `length` bytes, in its order.

    Raises
    ------
    DamagedTar
        where it is truncated, broken or no tar, after all that is whole before that.
    OSError
        when it can't be read.
    """
    place, common, extended = 0, Extended(), Extended()
    while True:
        block = os.pread(fd, BLOCK, place)
        if len(block) < BLOCK:
            raise DamagedTar(_ending(place, block))
        if not block.rstrip(b"\0"):
            return
        _check(block, place)
        kind, size = block[156:157], _size(block, common | extended, place)
        start = place + BLOCK
        stored = 0 if kind in NO_DATA else size
        if start + stored > length:
            name = _name(block, common | extended).decode(errors="backslashreplace")
            raise DamagedTar(f"is truncated: it ends within {name[:200]!r}")
        place = start + -(-stored // BLOCK) * BLOCK
        if kind in (LONG_NAME, LONG_LINK, PAX, PAX_GLOBAL, PAX_SUN):
            data = _extended(fd, start, stored)
            (common if kind == PAX_GLOBAL else extended).update(_fields(kind, data, start))
            continue
        fields = common | extended
        extended = Extended()
        yield Entry(
            _name(block, fields),
            SPARSE if SPARSE in fields else kind,
            start,
            stored,
            _mtime_ns(block, fields),
            _number(block[100:108]) & 0o7777,
            fields.get(b"linkpath", _text(block[157:257])),
        )


def _ending(place: int, block: bytes) -> str:
    if place == 0:
        return f"is no tar: it has {len(block)} bytes"
    return "ends without the mark that ends a tar: it may be truncated"


def _check(block: bytes, place: int) -> None:
    """Raise DamagedTar unless the checksum of a header is right, as it is added up by any program."""
    try:
        wanted = int(block[148:156].strip(b" \0") or b"-1", 8)
    except ValueError:
        wanted = -1
    found = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if wanted == found or wanted == found - 256 * sum(byte > 127 for byte in block):  # bytes with signs, too
        return
    for start, name in COMPRESSED.items():
        if place == 0 and block.startswith(start):
            raise DamagedTar(
                f"is compressed by {name}, so nothing in it can be found without reading it all: decompress "
                "it, or unpack it and name the folder"
            )
    raise DamagedTar("is no tar" if place == 0 else f"is damaged at byte {place:,}: no header is there")


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _number(field: bytes) -> int:
    """Return a number in octal digits, or, where its first bit is set, in base 256; 0 for neither."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") | (field[0] & 0x7F) << 8 * (len(field) - 1)
    try:
        return int(_text(field).strip() or b"0", 8)
    except ValueError:
        return 0


def _size(block: bytes, fields: Extended, place: int) -> int:
    given = fields.get(b"size")
    if given is None or block[156:157] in (PAX, PAX_GLOBAL, PAX_SUN, LONG_NAME, LONG_LINK):
        size = _number(block[124:136])
    elif given.isdigit() and len(given) < 20:
        size = int(given)
    else:
        raise DamagedTar(f"is damaged at byte {place:,}: a size is no number")
    return size


def _mtime_ns(block: bytes, fields: Extended) -> int:
    seconds, _, rest = fields.get(b"mtime", b"").partition(b".")
    try:
        found = int(seconds) * 10**9 + int(rest[:9].ljust(9, b"0")) * (-1 if seconds.startswith(b"-") else 1)
    except ValueError:
        found = _number(block[136:148]) * 10**9
    return min(max(found, -LARGEST), LARGEST)


def _name(block: bytes, fields: Extended) -> bytes:
    name = fields.get(b"path")
    if name is not None:
        return name
    name, prefix = _text(block[:100]), _text(block[345:500])
    is_posix = block[257:263] == b"ustar\0"  # GNU's own format has other things in the place of the prefix
    return prefix + b"/" + name if is_posix and prefix else name


def _extended(fd: int, start: int, size: int) -> bytes:
    if size > LONGEST:
        raise DamagedTar(f"is damaged at byte {start:,}: a name or its like has {size:,} bytes")
    return os.pread(fd, size, start)


def _fields(kind: bytes, data: bytes, start: int) -> Extended:
    """Return what an extended header says of the next entry, or of all."""
    if kind in (LONG_NAME, LONG_LINK):
        return {b"path" if kind == LONG_NAME else b"linkpath": _text(data)}
    fields, place = Extended(), 0
    while place < len(data) and data[place]:
        digits = data[place : place + 8].partition(b" ")[0]
        length = int(digits) if digits.isdigit() and len(digits) < 8 else 0
        key, equals, value = data[place + len(digits) + 1 : place + length - 1].partition(b"=")
        if length <= len(digits) + 1 or place + length > len(data) or not equals:
            raise DamagedTar(f"is damaged at byte {start:,}: an extended header is broken")
        if key in WANTED:
            fields[key] = value
        elif key.startswith(b"GNU.sparse."):
            fields[SPARSE] = b""
        place += length
    return fields
