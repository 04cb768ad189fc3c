"""The boxes of ISO base media files (ISO/IEC 14496-12), of which HEIF, AVIF and JPEG XL are made.

What an image declares is read from them before its decoder, which may decode while it opens, sees the file.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from scripts.lib.images.failures import Undecodable

MOST_BOXES = 4096  # in one box
LARGEST_META = 1 << 24  # bytes


class Box(NamedTuple):
    """A box: what it is, and where its content lies in the file."""

    kind: bytes
    start: int
    end: int


def brands(start: bytes) -> frozenset[bytes]:
    """Return the brands that the first bytes of a file declare, none if it does not begin with `ftyp`."""
    if start[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(start[:4], "big"), len(start))
    return frozenset({start[8:12]} | {start[at : at + 4] for at in range(16, end - 3, 4)})


def boxes(file: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes between two places of a file.

    Raises
    ------
    Undecodable
        at one that ends elsewhere than within them.
    """
    end = file.seek(0, io.SEEK_END) if end is None else end
    for _ in range(MOST_BOXES):
        if start >= end:
            return
        file.seek(start)
        head = file.read(16)
        size, content = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, content = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - start
        if len(head) < content or size < content or start + size > end:
            raise Undecodable("the file is truncated, or its boxes are broken")
        yield Box(head[4:8], start + content, start + size)
        start += size


def is_whole(file: BinaryIO) -> bool:
    """Tell whether a file ends where its last box does."""
    try:
        return bool(list(boxes(file)))
    except Undecodable:
        return False


def image_size(file: BinaryIO) -> tuple[int, int] | None:
    """Return width and height of a HEIF or AVIF's primary image as stored, None where they are not said.

    Raises
    ------
    Undecodable
        when the boxes are broken.
    """
    found = _child(file, b"meta", 0, None)
    if found is None:
        return None
    if found.end - found.start > LARGEST_META:
        raise Undecodable("the file's description is implausibly large")
    file.seek(found.start)
    meta = io.BytesIO(file.read(found.end - found.start))
    primary, properties = _child(meta, b"pitm", 4, None), _child(meta, b"iprp", 4, None)
    if primary is None or properties is None:
        return None
    item = _number(meta, primary.start + 4, 4 if _version(meta, primary) else 2)
    return _size_of_item(meta, properties, item)


def _size_of_item(meta: BinaryIO, properties: Box, item: int) -> tuple[int, int] | None:
    """Return what the property `ispe` of an item says."""
    container = _child(meta, b"ipco", properties.start, properties.end)
    if container is None:
        return None
    described = list(boxes(meta, container.start, container.end))
    for association in boxes(meta, properties.start, properties.end):
        if association.kind == b"ipma":
            for index in _indexes(meta, association, item):
                if 0 < index <= len(described) and described[index - 1].kind == b"ispe":
                    start = described[index - 1].start + 4
                    return _number(meta, start, 4), _number(meta, start + 4, 4)
    return None


def _indexes(meta: BinaryIO, association: Box, item: int) -> list[int]:
    """Return the numbers, from 1, of an item's properties."""
    id_bytes = 4 if _version(meta, association) else 2
    wide = _number(meta, association.start + 3, 1) & 1
    at = association.start + 8
    for _ in range(_number(meta, association.start + 4, 4)):
        if at >= association.end:
            break
        found, count = _number(meta, at, id_bytes), _number(meta, at + id_bytes, 1)
        at += id_bytes + 1
        if found == item:
            width = 2 if wide else 1
            essential = 0x8000 if wide else 0x80
            return [_number(meta, at + i * width, width) & ~essential for i in range(count)]
        at += count * (2 if wide else 1)
    return []


def _child(file: BinaryIO, kind: bytes, start: int, end: int | None) -> Box | None:
    return next((box for box in boxes(file, start, end) if box.kind == kind), None)


def _version(file: BinaryIO, box: Box) -> int:
    return _number(file, box.start, 1)


def _number(file: BinaryIO, at: int, length: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(length), "big")
