"""Camera raw files, by LibRaw: the preview that the camera put in, or else the sensor at half its size.

They are known by what is in them. A plain TIFF with such an extension is a TIFF, and a raw file named
`.tif` is a raw file.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from PIL import Image

from scripts.lib.images import formats
from scripts.lib.images.boxes import brands
from scripts.lib.images.failures import Undecodable, check_pixels, decoder_errors
from scripts.lib.images.orientation import upright
from scripts.lib.images.readers import pillow
from scripts.lib.images.readers.protocol import Header, Wanted
from scripts.lib.images.tiff_tags import is_sensor_data

OWN_STARTS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")  # Fujifilm, Olympus, Panasonic
CANON = b"CR\x02"  # behind the start of a TIFF
CANON_BRAND = b"crx "
FLIPS = {3: 3, 5: 8, 6: 6}  # LibRaw's turns as EXIF orientations


def recognises(start: bytes, file: BinaryIO) -> bool:
    """Tell whether a file is a raw file of one of the listed makers."""
    if start.startswith(OWN_STARTS) or start[8:11] == CANON or CANON_BRAND in brands(start):
        return True
    return is_sensor_data(start, file)


def plain_header(file: BinaryIO) -> None:
    """Leave it to LibRaw."""


def header(file: BinaryIO) -> Header:
    """Read the size of the sensor."""
    with _opened(file) as raw:
        return Header(raw.sizes.raw_width, raw.sizes.raw_height, "RAW")


def pictures(file: BinaryIO, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield the preview, or the developed sensor where there is none large enough."""
    with _opened(file) as raw:
        check_pixels(raw.sizes.raw_width, raw.sizes.raw_height, wanted.pixel_limit)
        preview = _preview(raw, wanted)
        if preview is None or min(preview.size) < wanted.target:
            yield _developed(raw, preview)
        else:
            yield preview


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Any]:
    rawpy = formats.library(formats.RAW)
    file.seek(0)
    try:
        with rawpy.RawPy() as raw:
            raw.open_buffer(file)
            yield raw
    except rawpy.LibRawError as error:
        reason = error.args[0] if error.args else type(error).__name__
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise Undecodable(f"the raw file is broken or truncated: {text}") from error


def _preview(raw: Any, wanted: Wanted) -> Image.Image | None:
    """Return the preview, None where there is none that can be used."""
    try:
        with decoder_errors():
            preview = raw.extract_thumb().data
            if isinstance(preview, bytes):  # a JPEG, to which LibRaw adds the orientation as EXIF
                return next(pillow.pictures(io.BytesIO(preview), wanted))
            return upright(Image.fromarray(preview).convert("RGB"), FLIPS.get(raw.sizes.flip, 1))
    except Undecodable:
        return None


def _developed(raw: Any, preview: Image.Image | None) -> Image.Image:
    """Return the sensor's picture at half its size, upright in sRGB; a small preview if that fails."""
    try:
        with decoder_errors():
            raw.unpack()
            return Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True))
    except Undecodable:
        if preview is None:
            raise
        return preview
