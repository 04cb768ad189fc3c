"""The directories of a TIFF, as far as they tell a photograph from a camera's raw file.

Most raw files are TIFFs inside, and Pillow takes the thumbnail that lies in front for the image.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

STARTS = {b"II*\0": "<", b"MM\0*": ">"}
MOST_DIRECTORIES = 32
MOST_ENTRIES = 4096
MOST_VALUES = 32  # of an entry that are read: a hostile file has many entries point at the same many numbers
BYTE, SHORT, LONG, IFD = 1, 3, 4, 13
LENGTHS = {BYTE: 1, SHORT: 2, LONG: 4, IFD: 4}

PHOTOMETRIC, SUB_DIRECTORIES, DNG_VERSION = 262, 330, 50706
COLOUR_FILTER_ARRAY, LINEAR_RAW = 32803, 34892  # photometric interpretations of sensors (TIFF/EP, DNG)

Directory = dict[int, tuple[int, ...]]


def is_sensor_data(start: bytes, file: BinaryIO) -> bool:
    """Tell whether a TIFF holds what a sensor saw, not a picture."""
    if start[:4] not in STARTS:
        return False
    return any(
        DNG_VERSION in each or each.get(PHOTOMETRIC, (0,))[0] in (COLOUR_FILTER_ARRAY, LINEAR_RAW)
        for each in directories(file)
    )


def directories(file: BinaryIO) -> Iterator[Directory]:
    """Yield the whole numbers, the first of each entry, of all directories of a TIFF; broken ones end it."""
    file.seek(0)
    endian = STARTS[file.read(4)]
    waiting = list(_numbers(file, endian, LONG, 1))
    seen: set[int] = set()
    while waiting and len(seen) < MOST_DIRECTORIES:
        at = waiting.pop(0)
        if at in seen or not at:
            continue
        seen.add(at)
        directory, following = _directory(file, endian, at)
        waiting += [*directory.get(SUB_DIRECTORIES, ()), *following]
        yield directory


def _directory(file: BinaryIO, endian: str, at: int) -> tuple[Directory, tuple[int, ...]]:
    """Read one directory, and where the next one lies."""
    file.seek(at)
    count = min(next(iter(_numbers(file, endian, SHORT, 1)), 0), MOST_ENTRIES)
    entries = file.read(12 * count)
    following = _numbers(file, endian, LONG, 1)
    directory: Directory = {}
    for place in range(0, len(entries) - 11, 12):
        tag, kind, length = struct.unpack_from(f"{endian}HHI", entries, place)
        if kind in LENGTHS and length:
            directory[tag] = _values(file, endian, kind, length, entries[place + 8 : place + 12])
    return {tag: values for tag, values in directory.items() if values}, following


def _values(file: BinaryIO, endian: str, kind: int, length: int, field: bytes) -> tuple[int, ...]:
    """Read the first values of an entry, which stand in its last four bytes or where those point."""
    size = LENGTHS[kind] * min(length, MOST_VALUES)
    if LENGTHS[kind] * length > len(field):
        file.seek(struct.unpack(f"{endian}I", field)[0])
        field = file.read(size)
    return _unpacked(endian, kind, field[:size])


def _numbers(file: BinaryIO, endian: str, kind: int, count: int) -> tuple[int, ...]:
    return _unpacked(endian, kind, file.read(LENGTHS[kind] * count))


def _unpacked(endian: str, kind: int, data: bytes) -> tuple[int, ...]:
    letter = {BYTE: "B", SHORT: "H", LONG: "I", IFD: "I"}[kind]
    return struct.unpack(
        f"{endian}{len(data) // LENGTHS[kind]}{letter}", data[: len(data) // LENGTHS[kind] * LENGTHS[kind]]
    )
