"""Small pictures with details, and what people do to pictures: the material of the tests of duplicates."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image, ImageEnhance

from scripts.lib.duplicates.sketches import SKETCH, Sketches, sketch


def scene(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Return a picture of coarse and fine blots; equal seeds give equal pixels."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", size)
    for cells, share in ((4, 1.0), (9, 0.5), (24, 0.3)):
        blots = Image.fromarray(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        picture = Image.blend(picture, blots.resize(size, Image.Resampling.BICUBIC), share)
    return picture


def recompressed(image: Image.Image, quality: int = 40) -> Image.Image:
    """Return an image after a passage through JPEG."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(io.BytesIO(stream.getvalue())).convert("RGB")


def resized(image: Image.Image, share: float = 0.5) -> Image.Image:
    """Return an image at another size."""
    return image.resize((int(image.width * share), int(image.height * share)), Image.Resampling.LANCZOS)


def cropped(image: Image.Image, share: float = 0.025) -> Image.Image:
    """Return an image without a share of each of its sides."""
    across, down = round(share * image.width), round(share * image.height)
    return image.crop((across, down, image.width - across, image.height - down))


def brightened(image: Image.Image, factor: float = 1.2) -> Image.Image:
    """Return a brighter image."""
    return ImageEnhance.Brightness(image).enhance(factor)


def moved(image: Image.Image, by: int = 24) -> Image.Image:
    """Return an image in which a thing in the middle stands elsewhere, as in a burst."""
    burst = image.copy()
    box = (image.width // 3, image.height // 3, 2 * image.width // 3, 2 * image.height // 3)
    burst.paste(image.crop(box), (box[0] + by, box[1]))
    return burst


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "recompressed": recompressed,
    "smaller": resized,
    "larger": lambda image: resized(image, 1.5),
    "cropped": cropped,
    "brighter": brightened,
}


def sketches(*images: Image.Image) -> Sketches:
    """Return the sketches of images: (n,) SKETCH."""
    made = [sketch(image).view(SKETCH)[:, 0] for image in images]
    return np.concatenate([np.empty(0, SKETCH), *made])


def save(image: Image.Image, path: Path, quality: int = 92) -> Path:
    """Write an image into a folder that may be new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=quality)
    return path


def only(table: pa.Table, name: str) -> dict[str, object]:
    """Return the one row of a table whose path ends with a name."""
    (row,) = (row for row in table.to_pylist() if row["path"].endswith(name))
    return row
