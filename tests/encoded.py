"""Images written in each format, and without symmetry, so that a turn is seen."""

import io

import numpy as np
import pillow_heif
import pillow_jxl  # registers itself
from PIL import Image

pillow_heif.register_heif_opener()
assert pillow_jxl

WHOLE: dict[str, dict[str, object]] = {  # how each format keeps pixels as they are, or nearly
    "JPEG": {"quality": 95},
    "PNG": {},
    "BMP": {},
    "DIB": {},
    "GIF": {},
    "TIFF": {},
    "WEBP": {"lossless": True, "exact": True},
    "HEIF": {"quality": 100, "chroma": 444},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "JXL": {"lossless": True},
}


def gradient(width: int = 48, height: int = 32) -> Image.Image:
    """Return an image without symmetry, smooth enough that compression hardly changes it."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) * 127 // (width + height)], 2)
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    """Return the bytes of a file."""
    file = io.BytesIO()
    image.save(file, format, **(WHOLE[format] | options))
    return file.getvalue()


def exif(orientation: int) -> bytes:
    """Return EXIF that holds nothing but an orientation."""
    found = Image.Exif()
    found[0x0112] = orientation
    return found.tobytes()


def xmp(orientation: int) -> bytes:
    """Return XMP that holds nothing but an orientation."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
        f'tiff:Orientation="{orientation}"/></rdf:RDF></x:xmpmeta>'
    ).encode()


def lain_down(image: Image.Image, orientation: int) -> Image.Image:
    """Return what a camera stores that gives the orientation for the image to be turned by."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return image.transpose(undo[orientation]) if orientation in undo else image


def apart(image: Image.Image, expected: Image.Image) -> int:
    """Return by how many levels of 255 two RGB images of one size differ at most."""
    assert image.mode == expected.mode == "RGB"
    assert image.size == expected.size
    return int(np.abs(np.asarray(image, np.int16) - np.asarray(expected, np.int16)).max())
