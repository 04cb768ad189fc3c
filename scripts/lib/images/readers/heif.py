"""HEIC and HEIF, by libheif.

It applies the turns that the container asks for, and pillow-heif clears the EXIF orientation, which means
nothing here (ISO/IEC 23008-12). Its security limits stay on: what declares more than 2^30 pixels is refused
whatever `pixel_limit` says.
"""

from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image

from scripts.lib.images import formats
from scripts.lib.images.boxes import brands, image_size, is_whole
from scripts.lib.images.failures import check_pixels
from scripts.lib.images.readers.pillow import loaded, opened
from scripts.lib.images.readers.protocol import Header, Wanted

BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))
ANY_CODEC = frozenset((b"mif1", b"msf1"))
AV1 = frozenset((b"avif", b"avis"))


def recognises(start: bytes, file: BinaryIO) -> bool:
    """Tell whether the brands are those of HEVC images, or of images that are not AVIF's."""
    found = brands(start)
    return bool(found & BRANDS or (found & ANY_CODEC and not found & AV1))


def plain_header(file: BinaryIO) -> Header | None:
    """Read the size of the primary image, where the boxes say it."""
    size = image_size(file)
    return Header(*size, "HEIF") if size else None


def header(file: BinaryIO) -> Header:
    """Read the size of the primary image."""
    return plain_header(file) or Header(*_opened(file, thumbnails=False).size, "HEIF")


def pictures(file: BinaryIO, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield the primary image, or the thumbnail in the file where that is large enough."""
    check_pixels(*header(file)[:2], wanted.pixel_limit)
    # A thumbnail says nothing of the image behind it: half an image must not pass for a whole one.
    yield loaded(_opened(file, thumbnails=is_whole(file)), wanted)


def _opened(file: BinaryIO, thumbnails: bool) -> Image.Image:
    library = formats.library(formats.HEIF)
    # One thread: there is a process for each core already.
    library.register_heif_opener(
        decode_threads=1, depth_images=False, aux_images=False, thumbnails=thumbnails
    )
    return opened(file, "HEIF")
