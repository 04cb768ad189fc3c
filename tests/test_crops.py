"""The crops of elongated images: how many, where, and that they are square."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from scripts.lib.embedding.models.pixels import crop_pixels, multicrop_pixels
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.images.crops import crops, views


def ramp(width: int, height: int) -> Image.Image:
    """An image whose pixels tell their place: red by column, green by row, in 256ths of a side."""
    rows, columns = np.indices((height, width))
    pixels = np.stack([columns * 256 // width, rows * 256 // height, np.zeros_like(rows)], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def starts(image: Image.Image) -> list[int]:
    """Where each crop begins along the long side, in pixels."""
    long = max(image.size)
    axis = 0 if image.width >= image.height else 1
    return [round(crop.getpixel((0, 0))[axis] * long / 256) for crop in crops(image)]


@pytest.mark.parametrize(
    ("long", "expected"),
    [(100, [0]), (129, [14]), (130, [0, 30]), (169, [0, 69]), (170, [35, 0, 70]), (250, [75, 0, 150])],
)
@pytest.mark.parametrize("upright", [False, True])
def test_crops_lie_where_the_aspect_ratio_says(long: int, expected: list[int], upright: bool) -> None:
    image = ramp(100, long) if upright else ramp(long, 100)
    assert all(crop.size == (100, 100) for crop in crops(image))
    assert starts(image) == pytest.approx(expected, abs=1)


def test_an_extreme_image_has_crops_of_one_pixel() -> None:
    assert [crop.size for crop in crops(Image.new("RGB", (20_000, 1)))] == [(1, 1)] * 3


@pytest.mark.parametrize("size", [(1, 20_000), (20_000, 1), (2, 20_000), (65, 1)])
@pytest.mark.parametrize("cut", [crop_pixels, multicrop_pixels])
def test_a_thread_of_an_image_becomes_views_of_the_usual_size(
    size: tuple[int, int], cut: Callable[..., np.ndarray]
) -> None:
    pixels = cut(Image.new("RGB", size, (9, 90, 200)), 64, 56, Image.Resampling.BICUBIC)
    assert pixels.shape[1:] == (56, 56, 3)
    assert (pixels == (9, 90, 200)).all()


def test_without_multicrop_the_whole_image_is_the_view() -> None:
    image = ramp(300, 100)
    assert views(image, False) == [image]
    assert len(views(image, True)) == 3


def test_the_descriptor_of_several_crops_is_made_of_each() -> None:
    card = describe("descriptor", None)
    several = open_model(replace(card, preprocessing=card.preprocessing | {"multicrop": True}), "cpu", 1)
    image = ramp(300, 100)
    assert several.card.fingerprint != card.fingerprint
    each = np.concatenate([open_model(card, "cpu", 1).prepare()(crop) for crop in crops(image)])
    np.testing.assert_array_equal(several.prepare()(image), each)
