"""Images as small JPEG files in the page itself; none takes more than its share of what can be mailed."""

import base64
import io
from typing import NamedTuple

from PIL import Image, ImageOps

QUALITIES = (78, 66, 52, 38, 24, 10)  # tried in turn until the file is small enough


class Size(NamedTuple):
    """How large an image is shown.

    side : pixels, of the longer side or of a square
    most : bytes that the file may take, unless it is larger in the lowest quality
    """

    side: int
    square: bool
    most: int


class Picture(NamedTuple):
    """A picture as a page takes it: a data URI, and its size in pixels."""

    uri: str
    width: int
    height: int


def reduced(image: Image.Image, size: Size) -> Image.Image:
    """Return an image as it is shown: whole, or the square in its middle."""
    if size.square:
        return ImageOps.fit(image, (size.side, size.side), Image.Resampling.LANCZOS)
    small = image.copy()
    small.thumbnail((size.side, size.side), Image.Resampling.LANCZOS)
    return small


def as_picture(image: Image.Image, most: int) -> Picture:
    """Return an RGB image as it stands in a page."""
    for quality in QUALITIES:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= most:
            break
    data = base64.b64encode(stream.getvalue()).decode()
    return Picture(f"data:image/jpeg;base64,{data}", *image.size)
