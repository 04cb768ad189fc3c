"""Which way up a picture is."""

from PIL import ExifTags, Image

ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def exif_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, or where there is none that of XMP; 1 where neither can be read.

    To be called after the image is loaded: a PNG may carry EXIF behind its pixels, and a TIFF is
    turned by Pillow while loading, which clears the tag.
    """
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # broken EXIF says nothing against the pixels
        return 1


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turn an image as its EXIF orientation asks; a number that means nothing turns nothing."""
    transpose = ORIENTATIONS.get(orientation)
    return image if transpose is None else image.transpose(transpose)
