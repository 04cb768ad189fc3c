"""Image files become upright RGB images, or a reason why they cannot.

A file is what its bytes say, whatever its extension, but only the formats listed here are ever
opened. Declared dimensions are checked before anything of their size is allocated, half an image
is not an image, and whatever a decoder throws becomes `Undecodable`. Failures of reading
(a vanished file, a permission, a disk) stay `OSError`: they are worth another try, broken data
is not.
"""

import errno
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from scripts.lib.images.modes import to_rgb

# An allow-list: Pillow's full list would start Ghostscript for EPS. DIB is BMP without its file
# header; MPO, the JPEG of several frames that phones write, is opened by way of JPEG.
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "WEBP", "GIF", "TIFF")

# A JPEG is decoded at the smallest of 1/1, 1/2, 1/4, 1/8 whose shorter side is still this many
# times the target. Descriptors of ordinary photos then differ from those of a full decode by 3 % of
# the distance to the nearest neighbour, against 8 % with 1, which would be a tenth faster.
DRAFT_MARGIN = 2

# Beyond this ratio of its sides an image loses its ends before it is resized: a 1 x 20000 image
# would otherwise grow to gigabytes, of which a centre crop keeps a thousandth.
MAX_ASPECT = 64

ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# A decoder that seeks to a nonsensical offset gets an OSError with one of these numbers, its own errors
# have none; any other number comes from the disk or the network.
BAD_OFFSET = (errno.EINVAL, errno.EOVERFLOW)

# An explicit limit replaces Pillow's, which only warns up to twice its value; and a broken file is
# reported once, by `Undecodable`, not on the terminal as well.
Image.MAX_IMAGE_PIXELS = None
logging.getLogger("PIL").setLevel(logging.CRITICAL)


class Undecodable(Exception):
    """The file is not an image that can be used; the message says why in one line."""


class Header(NamedTuple):
    """What a file declares about itself."""

    width: int  # pixels
    height: int  # pixels
    format: str  # one of FORMATS, or MPO
    mode: str  # Pillow's mode of the pixels


def read_header(source: bytes | str | os.PathLike[str] | BinaryIO) -> Header:
    """Read the declared size, format and mode; nothing of the image's size is allocated.

    source : a path (bytes as the file system gives them, or str) or a seekable binary file.
    Raises Undecodable for anything but an image, OSError where the file cannot be read.
    """
    with _opened(source) as file, _decoder_errors():
        return _header(file)


def decode(data: bytes | str | os.PathLike[str] | BinaryIO, target: int, pixel_limit: int) -> Image.Image:
    """Decode the first frame to RGB, upright, whole, as seen on a white page.

    data : the file's content as bytes, its path as str or PathLike, or a seekable binary file.
    target : shorter side that the caller will resize to, in pixels; a JPEG may come at a reduced
    size of at least `DRAFT_MARGIN` times that.
    pixel_limit : largest width times height that is accepted, checked before allocation.
    Raises Undecodable for anything but a whole image, OSError where the file cannot be read.
    """
    with _opened(io.BytesIO(data) if isinstance(data, bytes) else data) as file, _decoder_errors():
        header = _header(file)
        _check_pixels(header.width, header.height, pixel_limit)
        image = Image.open(file, formats=FORMATS)
        _check_pixels(*_tile_size(image), pixel_limit)
        image.draft(None, (target * DRAFT_MARGIN, target * DRAFT_MARGIN))
        image.load()
        return _upright(to_rgb(image), _orientation(image))


def resize_shorter(image: Image.Image, size: int, resample: Image.Resampling) -> Image.Image:
    """Resize so that the shorter side is `size` pixels, as torchvision does (long side truncated).

    Images more elongated than `MAX_ASPECT` lose their ends first.
    """
    image = _without_ends(image)
    width, height = image.size
    long = int(size * max(width, height) / min(width, height))
    return image.resize((size, long) if width <= height else (long, size), resample)


def center_crop(image: Image.Image, size: int) -> Image.Image:
    """Cut the central square of `size` pixels, as torchvision does (black where there is none)."""
    left, top = (_crop_start(length, size) for length in image.size)
    return image.crop((left, top, left + size, top + size))


def _crop_start(length: int, size: int) -> int:
    return round((length - size) / 2) if length >= size else -((size - length) // 2)


def _without_ends(image: Image.Image) -> Image.Image:
    longest = MAX_ASPECT * min(image.size)
    width, height = min(image.width, longest), min(image.height, longest)
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


@contextmanager
def _opened(source: bytes | str | os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, bytes | str | os.PathLike):
        with open(source, "rb") as file:
            yield file
    else:
        yield source


@contextmanager
def _decoder_errors() -> Iterator[None]:
    """Turn whatever a decoder throws into Undecodable, and let failures of reading through."""
    try:
        with _QUIET:
            yield
    except Undecodable:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, *BAD_OFFSET):
            raise
        raise Undecodable(_reason(error)) from error


class _Quiet:
    """Ignores warnings while any thread is inside.

    `catch_warnings` in each thread would restore the filters of another one.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._outside = warnings.catch_warnings()
                self._outside.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._outside.__exit__(None, None, None)


_QUIET = _Quiet()


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"no image in a known format ({', '.join(FORMATS)}), or its header is broken"
    if isinstance(error, MemoryError):
        return "not enough memory to decode the image"
    first_line = (str(error).splitlines() or [""])[0][:200]
    return f"cannot be decoded: {first_line or type(error).__name__}"


def _header(file: BinaryIO) -> Header:
    file.seek(0)
    start = file.read(30)
    if not start:
        raise Undecodable("the file is empty")
    header = _webp_header(start)
    if header is None:
        image = Image.open(file, formats=FORMATS)
        header = Header(*image.size, str(image.format), image.mode)
    if 0 in header[:2]:
        raise Undecodable(f"the image has no pixels ({header.width} x {header.height})")
    return header


def _webp_header(start: bytes) -> Header | None:
    """Read the header in the first 30 bytes of a WebP, None if it is something else.

    Pillow has no lazy opening for WebP: it reads the whole file and allocates two canvases.
    Layout: RFC 9649, sections 2.5 to 2.7.
    """
    if len(start) < 30 or start[:4] != b"RIFF" or start[8:12] != b"WEBP":
        return None
    match start[12:16]:
        case b"VP8X":
            width, height = 1 + _integer(start[24:27]), 1 + _integer(start[27:30])
            alpha = start[20] & 0x10
        case b"VP8L":
            bits = _integer(start[21:25])
            width, height, alpha = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bits >> 28 & 1
        case b"VP8 ":
            width, height = _integer(start[26:28]) & 0x3FFF, _integer(start[28:30]) & 0x3FFF
            alpha = 0
        case _:
            return None
    return Header(width, height, "WEBP", "RGBA" if alpha else "RGB")


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _tile_size(image: ImageFile.ImageFile) -> tuple[int, int]:
    """Return the size of a TIFF's tiles, which libtiff allocates whatever the image's own size."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(ExifTags.Base.TileWidth, 1), tags.get(ExifTags.Base.TileLength, 1)


def _check_pixels(width: int, height: int, limit: int) -> None:
    if width * height > limit:
        raise Undecodable(f"declares {width} x {height} pixels, above the limit of {limit}")


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 where there is none that can be read.

    To be called after the image is loaded: a PNG may carry EXIF behind its pixels, and a TIFF is
    turned by Pillow while loading, which clears the tag.
    """
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # broken EXIF says nothing against the pixels
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    transpose = ORIENTATIONS.get(orientation)
    return image if transpose is None else image.transpose(transpose)
