"""Every way of storing pixels becomes 8-bit RGB, as a person would see it on a white page.

Pillow's own `convert` clips 16-bit, 32-bit and float images and drops transparency; the rest is
left to it.
"""

import numpy as np
from PIL import ExifTags, Image

from scripts.lib.images.colour import to_srgb

# What integer and float images can mean by white: the first that no value exceeds.
WHITE_IS_ZERO = 0
WHITE_LEVELS = (1, 255, 65535)
STRAIGHT = {"La": "LA", "RGBa": "RGBA"}  # alpha that is multiplied into the colours, and the same without


def to_rgb(image: Image.Image, side: int = 0) -> Image.Image:
    """Convert a loaded image of any mode, and of the colours that its profile gives it, to RGB.

    side : shorter side, in pixels, to which it may be reduced where that saves much; 0 keeps its size
    """
    profile = image.info.get("icc_profile")
    image = _in_8_bits(image)
    if isinstance(profile, bytes):
        image = to_srgb(image, profile, side)
    return _over_white(image) if image.has_transparency_data else image.convert("RGB")


def _in_8_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return _from_16_bit(image)
    if image.mode in ("I", "F"):
        return _from_numbers(image)
    return image.convert(STRAIGHT[image.mode]) if image.mode in STRAIGHT else image


def _over_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    page = Image.new("RGB", rgba.size, "white")
    page.paste(rgba, mask=rgba)
    return page


def _from_16_bit(image: Image.Image) -> Image.Image:
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(ExifTags.Base.BitsPerSample, (16,))[0]  # microscopes write TIFFs of 12
    values = np.asarray(image) >> (bits - 8)
    if tags.get(ExifTags.Base.PhotometricInterpretation) == WHITE_IS_ZERO:  # Pillow minds it up to 8 bits
        values = 255 - values
    return Image.fromarray(values.astype(np.uint8))


def _from_numbers(image: Image.Image) -> Image.Image:
    """Show numbers of unknown range as grey: NaN as black, the range guessed from the values."""
    values = np.array(image, dtype=np.float64)  # the range of float32 overflows float32
    finite = np.isfinite(values)
    low = float(values.min(where=finite, initial=np.inf))
    high = float(values.max(where=finite, initial=-np.inf))
    white = next((level for level in WHITE_LEVELS if low >= 0 and high <= level), None)
    if white is not None:
        low, high = 0.0, white
    np.nan_to_num(values, copy=False, nan=low, posinf=high, neginf=low)
    values -= low
    values *= 255 / (high - low) if high > low else 0.0
    return Image.fromarray(np.rint(values).astype(np.uint8))
