"""A million small images that look like a collection, made in minutes.

    python -m benchmarks.made_images FOLDER [--images 1000000] [--seed 0]

Each folder of five hundred is a visit to a few places. Every place is painted twice, in two weathers or at
two hours; an image is something in between, seen through another window, in another light. So there are
series, neighbours and countries, and an order is worth something. Some files are no images, some are the same
bytes again or the same picture again: what each one is follows from its number (`role_of`), so that whoever
sorts them knows what has to come out.

The same seed makes the same bytes. A folder appears as a whole; what is there is not made again.
"""

import argparse
import io
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from scripts.lib.artifacts.atomic import write_json
from scripts.lib.pictures.painting.scene import PLACES, Scene, paint

PER_FOLDER = 500
PLACES_PER_FOLDER = 4
PAINTED = (160, 120)  # pixels
SIDES = (64, 128)  # of the longer side of an image, pixels
QUALITY, LESSER_QUALITY = 82, 60

ROLES = {
    40: "truncated",
    90: "empty",
    140: "no image",
    190: "mislabelled",  # a PNG whose name says JPEG: an image like any other
    240: "duplicate",
    290: "near-duplicate",
    340: "duplicate",
    390: "near-duplicate",
}
CORRUPT = ("truncated", "empty", "no image")
EARLIER = 3  # a duplicate is one of the image that stands so many before it
MARKER = ".made-images.json"  # hidden: no scan takes it for an image


class View(NamedTuple):
    """What makes an image out of two paintings of a place."""

    place: int
    between: float  # 0 for the first painting, 1 for the second
    window: tuple[float, float, float]  # left, top and size, as shares of the painting
    light: tuple[float, float, float]  # of red, green and blue
    side: int
    upright: bool


def role_of(number: int) -> str:
    """Return what the image of a number is: one of `ROLES`, mostly `image`."""
    return ROLES.get(number % PER_FOLDER, "image")


def roles(count: int, first: int = 0) -> Counter[str]:
    """Return how many there are of each role."""
    return Counter(role_of(number) for number in range(first, first + count))


def path_of(number: int) -> Path:
    """Return where the image of a number lies."""
    folder = number // PER_FOLDER
    return Path(f"{folder // 100:02}", f"{folder % 100:02}", f"IMG_{number:07}.jpg")


def make_images(
    target: Path, count: int, seed: int = 0, progress: Callable[[int], object] = lambda files: None
) -> None:
    """Make whatever folders are missing of the first so many images; `progress` counts images.

    Raises ValueError if the number can't be divided into folders, or the target has images of another seed.
    """
    if count % PER_FOLDER:
        raise ValueError(f"{count:,} images are no whole folders of {PER_FOLDER}")
    _claim(target, seed)
    missing = [folder for folder in range(count // PER_FOLDER) if not _folder(target, folder).exists()]
    progress(count - PER_FOLDER * len(missing))
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for made in pool.map(_make_folder, *_columns((target, folder, seed) for folder in missing)):
            progress(made)


def _columns(rows: Iterable[tuple[Path, int, int]]) -> Iterator[tuple[Path | int, ...]]:
    return iter(list(zip(*rows, strict=True)) or [(), (), ()])


def _claim(target: Path, seed: int) -> None:
    marker = target / MARKER
    if not marker.exists():
        write_json(marker, {"seed": seed})
    elif marker.read_text() != f'{{\n  "seed": {seed}\n}}\n':
        raise ValueError(f"{target} holds images of another seed; name another folder")


def _folder(target: Path, folder: int) -> Path:
    return target / path_of(folder * PER_FOLDER).parent


def _make_folder(target: Path, folder: int, seed: int) -> int:
    """Make a folder under a hidden name, then give it its own."""
    place = _folder(target, folder)
    temporary = place.with_name(f".{place.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for number, data in folder_files(folder, seed):
        (temporary / path_of(number).name).write_bytes(data)
    temporary.rename(place)
    return PER_FOLDER


def folder_files(folder: int, seed: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each file of a folder."""
    generator = np.random.default_rng((seed, folder))
    places = [_painted(generator) for _ in range(PLACES_PER_FOLDER)]
    views = [_view(generator) for _ in range(PER_FOLDER)]
    for place, view in enumerate(views):
        role = role_of(place)
        if "duplicate" in role:
            view = views[place - EARLIER]
        yield folder * PER_FOLDER + place, _file(_seen(places[view.place], view), role)


def _painted(generator: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """Paint a place twice."""
    kind, country = PLACES[int(generator.integers(len(PLACES)))], int(generator.integers(500))
    season, horizon = generator.uniform(0, 1), generator.uniform(0.45, 0.6)
    first, second = (
        Scene(
            kind,
            hour=float(generator.uniform(0, 1)),
            season=float(season),
            cloud=float(generator.uniform(0.1, 0.7)),
            fog=float(generator.uniform(0.05, 0.6)),
            sun=float(generator.uniform(-0.5, 0.5)),
            horizon=float(horizon),
            seed=country,
        )
        for _ in range(2)
    )
    return paint(first, PAINTED), paint(second, PAINTED)


def _view(generator: np.random.Generator) -> View:
    between, left, top, size, exposure, warmth = generator.uniform(0, 1, 6).tolist()
    size = 0.55 + 0.4 * size
    exposure, warmth = 0.75 + 0.5 * exposure, 0.2 * warmth - 0.1
    return View(
        int(generator.integers(PLACES_PER_FOLDER)),
        between,
        (left * (1 - size), top * (1 - size), size),
        (exposure * (1 + warmth), exposure, exposure * (1 - warmth)),
        int(generator.integers(SIDES[0], SIDES[1] + 1)),
        bool(generator.integers(4) == 0),
    )


def _seen(paintings: tuple[Image.Image, Image.Image], view: View) -> Image.Image:
    left, top, size = view.window
    width, height = PAINTED
    box = (left * width, top * height, (left + size) * width, (top + size) * height)
    shape = (view.side, view.side * 3 // 4)
    picture = Image.blend(*paintings, view.between).resize(
        shape[::-1] if view.upright else shape, Image.Resampling.BILINEAR, box
    )
    levels = np.arange(256)
    table = np.concatenate([np.minimum(levels * light, 255) for light in view.light])
    return picture.point(table.astype(np.uint8).tolist())


def _file(picture: Image.Image, role: str) -> bytes:
    """Return the bytes of a file that shows a picture, or that a disk or a program has spoilt."""
    if role == "empty":
        return b""
    if role == "no image":
        return b"<html>404: not found</html>" + str(picture.getpixel((0, 0))).encode()
    buffer = io.BytesIO()
    if role == "mislabelled":
        picture.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()
    picture.save(buffer, "JPEG", quality=LESSER_QUALITY if role == "near-duplicate" else QUALITY)
    data = buffer.getvalue()
    return data[: len(data) // 2] if role == "truncated" else data


def main() -> None:
    """Make a collection, and say what it is made of."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    make_images(options.folder, options.images, options.seed)
    print(", ".join(f"{count:,} {role}" for role, count in roles(options.images).most_common()))


if __name__ == "__main__":
    main()
