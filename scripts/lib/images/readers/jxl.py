"""JPEG XL, by libjxl.

Its plugin for Pillow decodes while it opens, so what the file declares is read here first (ISO/IEC 18181-1,
annex D).
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from PIL import Image

from scripts.lib.images import formats
from scripts.lib.images.boxes import boxes
from scripts.lib.images.failures import Undecodable, check_pixels
from scripts.lib.images.orientation import exif_orientation
from scripts.lib.images.readers.pillow import loaded, opened
from scripts.lib.images.readers.protocol import Header, Wanted

BARE = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
ENOUGH = 32  # bytes of the codestream, in which its size stands
WIDTHS = {1: (1, 1), 2: (6, 5), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}  # over the height


class _Declared(NamedTuple):
    width: int
    height: int
    orientation: int  # applied by the decoder; numbered as in EXIF


def recognises(start: bytes, file: BinaryIO) -> bool:
    """Tell whether a file is a JPEG XL, bare or in its container."""
    return start.startswith((BARE, CONTAINER))


def header(file: BinaryIO) -> Header:
    """Read the size in the first bits of the codestream."""
    return Header(*_declared(file)[:2], "JXL")


plain_header = header


def pictures(file: BinaryIO, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield the first frame."""
    declared = _declared(file)
    check_pixels(declared.width, declared.height, wanted.pixel_limit)
    plugin = formats.library(formats.JXL).JpegXLImagePlugin
    plugin.DECODE_THREADS = 0  # there is a process for each core already
    image = _opened(file)
    # The codestream's orientation is applied by the decoder, and EXIF may repeat it. Where the codestream has
    # none, some writers leave it to EXIF; and a JPEG packed without loss comes as that JPEG.
    turned = declared.orientation != 1 and not getattr(image, "jpeg", False)
    yield loaded(image, wanted, (lambda _: 1) if turned else exif_orientation)


def _opened(file: BinaryIO) -> Image.Image:
    try:
        return opened(file, "JXL")
    except (KeyboardInterrupt, SystemExit, OSError, MemoryError, Undecodable):
        raise
    except BaseException as error:  # a panic of its Rust part is not an Exception
        raise Undecodable("the JXL is broken or truncated") from error


def _declared(file: BinaryIO) -> _Declared:
    bits = _Bits(_codestream(file))
    small = bits.read(1)
    height = 8 * (bits.read(5) + 1) if small else _long_side(bits)
    ratio = bits.read(3)
    if ratio:
        numerator, denominator = WIDTHS[ratio]
        width = height * numerator // denominator
    else:
        width = 8 * (bits.read(5) + 1) if small else _long_side(bits)
    default = bits.read(1)
    orientation = 1 + bits.read(3) if not default and bits.read(1) else 1
    return _Declared(width, height, orientation)


def _long_side(bits: "_Bits") -> int:
    return 1 + bits.read((9, 13, 18, 30)[bits.read(2)])


def _codestream(file: BinaryIO) -> bytes:
    """Return the first bytes of the codestream behind its signature."""
    file.seek(0)
    start = file.read(ENOUGH)
    if not start.startswith(BARE):
        start = _in_container(file)
    if not start.startswith(BARE):
        raise Undecodable("the JPEG XL has no codestream")
    return start[len(BARE) :]


def _in_container(file: BinaryIO) -> bytes:
    """Gather the first bytes of the codestream, which may be split into parts as small as one byte."""
    found = b""
    for box in boxes(file):
        if box.kind in (b"jxlc", b"jxlp"):
            start = box.start + (4 if box.kind == b"jxlp" else 0)  # behind the number of the part
            file.seek(start)
            found += file.read(max(0, min(ENOUGH, box.end - start)))
        if len(found) >= ENOUGH:
            break
    return found


class _Bits:
    """Reads numbers from the lowest bit on."""

    def __init__(self, data: bytes) -> None:
        self.value, self.left = int.from_bytes(data, "little"), 8 * len(data)

    def read(self, count: int) -> int:
        if count > self.left:
            raise Undecodable("the JPEG XL ends within its header")
        found = self.value & ((1 << count) - 1)
        self.value, self.left = self.value >> count, self.left - count
        return found
