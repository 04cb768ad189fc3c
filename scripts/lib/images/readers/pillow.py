"""What Pillow opens lazily and by itself; and the way from an opened image to upright RGB, for all."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError

from scripts.lib.images.failures import Undecodable, check_pixels
from scripts.lib.images.formats import names_of
from scripts.lib.images.modes import to_rgb
from scripts.lib.images.orientation import exif_orientation, upright
from scripts.lib.images.readers.protocol import Header, Wanted

NAMES = names_of("pillow")


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
    yield loaded(image, wanted)


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


def _tile_size(image: Image.Image) -> tuple[int, int]:
    """Return the size of a TIFF's tiles, which libtiff allocates whatever the image's own size."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(ExifTags.Base.TileWidth, 1), tags.get(ExifTags.Base.TileLength, 1)
