"""WebP, whose header is read here.

Pillow has no lazy opening for it: it reads the whole file and allocates two canvases.
Layout: RFC 9649, sections 2.5 to 2.7.
"""

from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image

from scripts.lib.images.failures import Undecodable, check_pixels
from scripts.lib.images.readers.pillow import loaded, opened
from scripts.lib.images.readers.protocol import Header, Wanted


def recognises(start: bytes, file: BinaryIO) -> bool:
    """Tell whether a file is a WebP."""
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def header(file: BinaryIO) -> Header:
    """Read the size of the canvas in the first 30 bytes."""
    start = file.read(30)
    if len(start) < 30:
        raise Undecodable("the WebP ends within its header")
    match start[12:16]:
        case b"VP8X":
            width, height = 1 + _integer(start[24:27]), 1 + _integer(start[27:30])
        case b"VP8L":
            bits = _integer(start[21:25])
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = _integer(start[26:28]) & 0x3FFF, _integer(start[28:30]) & 0x3FFF
        case _:
            raise Undecodable("the WebP's header is broken")
    return Header(width, height, "WEBP")


plain_header = header


def pictures(file: BinaryIO, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield the first frame."""
    check_pixels(*header(file)[:2], wanted.pixel_limit)
    yield loaded(opened(file, "WEBP"), wanted)


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "little")
