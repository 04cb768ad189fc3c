"""Colours as a profile in the file means them, into sRGB, by Little CMS.

A profile that is broken, or made for other pixels than these, is left aside: they are taken for sRGB.
"""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

LARGEST_PROFILE = 1 << 22  # bytes; those of printing presses have about one million
INVISIBLE = 2  # of 255 levels, by which colours may differ
STEPS = 9  # of the grid on which a profile is tried

MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}  # of the pixels that a profile is for
FITTING = {  # what is converted to those pixels before
    "RGB": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "YCbCr"),
    "L": ("1", "L", "LA"),
    "CMYK": ("CMYK",),
}


def to_srgb(image: Image.Image, profile: bytes, side: int = 0) -> Image.Image:
    """Convert an image of 8 bits a channel from the colours of an ICC profile to sRGB.

    side : shorter side, in pixels, to which it may be reduced before: converting twelve megapixels takes as
    long as decoding them. 0 keeps its size.

    Returns RGB, or RGBA where there is transparency; the image itself where nothing would be seen of it, or
    the profile can't be used.
    """
    mode = MODES.get(profile[16:20], "")
    if image.mode not in FITTING.get(mode, ()):
        return image
    transform = _transform(profile, mode)
    if transform is None:
        return image
    image = image.convert("RGBA" if image.has_transparency_data or image.mode in ("P", "PA") else mode)
    factor = min(image.size) // side if side else 1
    image = image.reduce(factor) if factor > 1 else image
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    seen = Image.new("RGB", image.size)
    transform.apply(image.convert(mode), seen)
    if alpha is not None:
        seen.putalpha(alpha)
    return seen


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the way from a profile to sRGB, None where it is broken or changes nothing that is seen."""
    if len(profile) > LARGEST_PROFILE:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        return transform if mode == "CMYK" or _is_visible(transform, mode) else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _is_visible(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Tell whether colours change: many profiles are sRGB under one name or another."""
    axis = np.linspace(0, 255, STEPS).astype(np.uint8)
    colours = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(1, -1, 3)
    grid = Image.fromarray(colours).convert(mode)
    seen = ImageCms.applyTransform(grid, transform)
    apart = np.asarray(seen, np.int16) - np.asarray(grid.convert("RGB"), np.int16)
    return bool(np.abs(apart).max() > INVISIBLE)
