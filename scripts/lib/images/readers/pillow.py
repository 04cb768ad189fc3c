"""What Pillow opens lazily and by itself; and the way from an opened image to upright RGB, for all."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError

from scripts.lib.images.failures import Undecodable, check_pixels
from scripts.lib.images.formats import names_of
from scripts.lib.images.modes import to_rgb
from scripts.lib.images.orientation import exif_orientation, upright
from scripts.lib.images.readers.protocol import Header, Wanted

NAMES = names_of("pillow")
PLANES = 2  # TIFF's planar configuration in which the channels lie one behind the other


def recognises(start: bytes, file: BinaryIO) -> bool:
    """Take whatever no other reader takes; Pillow says whether it is an image."""
    return True


def header(file: BinaryIO) -> Header:
    """Read the header by Pillow."""
    image = Image.open(file, formats=NAMES)
    return Header(*image.size, str(image.format))


plain_header = header  # Pillow's own libraries come in with the pixels


def pictures(file: BinaryIO, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield the first frame."""
    image = Image.open(file, formats=NAMES)
    check_pixels(*_tile_size(image), wanted.pixel_limit)
    yield loaded(_by_libtiff(file) if _has_deep_planes(image) else image, wanted)


def opened(file: BinaryIO, format: str) -> Image.Image:
    """Open a file that is known to be of one format."""
    file.seek(0)
    try:
        return Image.open(file, formats=(format,))
    except UnidentifiedImageError as error:
        raise Undecodable(f"the {format} is broken or truncated") from error


def loaded(
    image: Image.Image,
    wanted: Wanted,
    orientation: Callable[[Image.Image], int] = exif_orientation,
) -> Image.Image:
    """Decode an opened image, at a reduced size where its format can, to upright RGB.

    orientation : tells, once the image is loaded, how it is still to be turned
    """
    check_pixels(*image.size, wanted.pixel_limit)
    image.draft(None, (wanted.side, wanted.side))
    image.load()
    return upright(to_rgb(image, wanted.side), orientation(image))


def _has_deep_planes(image: Image.Image) -> bool:
    """Tell whether a TIFF holds uncompressed planes of 16 bits, which Pillow reads as if they had 8."""
    tags = getattr(image, "tag_v2", {})
    bits, compression = tags.get(ExifTags.Base.BitsPerSample, (1,)), tags.get(ExifTags.Base.Compression, 1)
    return tags.get(ExifTags.Base.PlanarConfiguration) == PLANES and compression == 1 and max(bits) > 8


def _by_libtiff(file: BinaryIO) -> Image.Image:
    """Open a TIFF to be read by libtiff, to which Pillow leaves only those that are compressed."""
    TiffImagePlugin.READ_LIBTIFF = True
    try:
        return opened(file, "TIFF")
    finally:
        TiffImagePlugin.READ_LIBTIFF = False


def _tile_size(image: Image.Image) -> tuple[int, int]:
    """Return the size of a TIFF's tiles, which libtiff allocates whatever the image's own size."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(ExifTags.Base.TileWidth, 1), tags.get(ExifTags.Base.TileLength, 1)
