"""The crops of an elongated image, so that a network sees all of it and nothing out of shape."""

from PIL import Image

NEARLY_SQUARE = 1.3  # long side over short side, below which the centre is enough
OBLONG = 1.7  # below which the two ends meet or nearly meet


def crops(image: Image.Image) -> list[Image.Image]:
    """Return the squares at the short side: the centre, the two ends, or all three, by the aspect ratio."""
    short, long = sorted(image.size)
    if long < NEARLY_SQUARE * short:
        starts = [(long - short) // 2]
    elif long < OBLONG * short:
        starts = [0, long - short]
    else:
        starts = [(long - short) // 2, 0, long - short]
    return [_square(image, start, short) for start in starts]


def views(image: Image.Image, multicrop: bool) -> list[Image.Image]:
    """Return what of an image is looked at: the whole, or its crops."""
    return crops(image) if multicrop else [image]


def _square(image: Image.Image, start: int, side: int) -> Image.Image:
    left, top = (start, 0) if image.width > image.height else (0, start)
    return image.crop((left, top, left + side, top + side))
