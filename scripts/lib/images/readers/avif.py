"""AVIF, by Pillow's own libavif: libheif as pillow-heif ships it has no decoder of AV1.

Pillow gives the turns that the container asks for as an EXIF orientation, in place of the file's own. libavif
refuses what declares more than 2^28 pixels, whatever `pixel_limit` says.
"""

from collections.abc import Iterator
from typing import BinaryIO

from PIL import AvifImagePlugin, Image

from scripts.lib.images.boxes import brands, image_size
from scripts.lib.images.failures import check_pixels
from scripts.lib.images.readers.heif import AV1
from scripts.lib.images.readers.pillow import loaded, opened
from scripts.lib.images.readers.protocol import Header, Wanted

AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # there is a process for each core already


def recognises(start: bytes, file: BinaryIO) -> bool:
    """Tell whether the brands are AVIF's."""
    return bool(brands(start) & AV1)


def plain_header(file: BinaryIO) -> Header | None:
    """Read the size of the primary image, where the boxes say it."""
    size = image_size(file)
    return Header(*size, "AVIF") if size else None


def header(file: BinaryIO) -> Header:
    """Read the size of the primary image."""
    return plain_header(file) or Header(*opened(file, "AVIF").size, "AVIF")


def pictures(file: BinaryIO, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield the primary image, of a sequence the first."""
    check_pixels(*header(file)[:2], wanted.pixel_limit)
    image = opened(file, "AVIF")
    image.info.pop("xmp", None)  # where Pillow would look for a turn of which the container does not know
    yield loaded(image, wanted)
