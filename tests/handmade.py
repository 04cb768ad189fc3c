"""Image files written byte by byte, for what Pillow reads but does not write."""

import struct
import zlib
from collections.abc import Sequence
from itertools import accumulate


def png(size: tuple[int, int], bits: int, colour: int, rows: bytes = b"", chunks: bytes = b"") -> bytes:
    """Write a PNG.

    colour : 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA.
    rows : unpacked rows, each with its filter byte; `chunks` stand between header and rows.
    """
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + chunks + body + png_chunk(b"IEND", b"")


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def tiff(tags: dict[int, int], pixels: bytes | Sequence[bytes] = b"", endian: str = "<") -> bytes:
    """Write a TIFF of one strip or several, one number a tag; the strips' own tags are added."""
    strips = [pixels] if isinstance(pixels, bytes) else pixels
    ends = list(accumulate(map(len, strips), initial=8))
    body, own = b"".join(strips), {}
    for tag, values in ((273, ends[:-1]), (279, [len(strip) for strip in strips])):
        own[tag] = values[0] if len(values) == 1 else 8 + len(body)
        body += struct.pack(f"{endian}{len(values)}I", *values) if len(values) > 1 else b""
    tags = {**tags, **own}
    counts = dict.fromkeys(own, len(strips))
    entries = [struct.pack(f"{endian}HHII", tag, 4, counts.get(tag, 1), tags[tag]) for tag in sorted(tags)]
    ifd = struct.pack(f"{endian}H", len(tags)) + b"".join(entries) + bytes(4)
    start = b"II*\0" if endian == "<" else b"MM\0*"
    return start + struct.pack(f"{endian}I", 8 + len(body)) + body + ifd
