"""Which frames are worth looking at."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

from scripts.lib.images.frames import good_frames, or_else
from tests.conftest import picture


def plain(level: int) -> Image.Image:
    return Image.new("RGB", (40, 30), (level, level, level))


def noisy(level: int, spread: float) -> Image.Image:
    pixels = np.random.default_rng(0).normal(level, spread, (30, 40, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def test_black_and_uniform_frames_are_left_out() -> None:
    good = [picture(1), picture(2)]
    bad = [plain(0), plain(255), plain(90), noisy(6, 3), noisy(120, 3)]
    assert list(good_frames([*bad, good[0], *bad, good[1]])) == good


def test_a_night_sky_with_a_light_is_no_black_frame() -> None:
    night = plain(3)
    night.paste((250, 240, 200), (10, 10, 16, 16))
    assert list(good_frames([plain(0), night])) == [night]


def test_colours_of_one_lightness_are_not_uniform() -> None:
    halves = plain(0)
    halves.paste((200, 0, 0), (0, 0, 20, 30))
    halves.paste((0, 102, 0), (20, 0, 40, 30))
    assert list(good_frames([plain(9), halves])) == [halves]


def test_of_frames_of_which_none_is_good_the_liveliest_is_kept() -> None:
    faint = Image.fromarray(np.tile(np.linspace(60, 66, 40).astype(np.uint8), (30, 1))).convert("RGB")
    assert list(good_frames([plain(60), faint, plain(0)])) == [faint]
    assert list(good_frames([])) == []


def test_frames_are_looked_at_only_as_they_are_asked_for() -> None:
    def frames() -> Iterator[Image.Image]:
        yield picture(1)
        raise AssertionError("one was enough")

    assert next(good_frames(frames())).size == picture(1).size


def test_or_else() -> None:
    assert list(or_else([1, 2], lambda: [3])) == [1, 2]
    assert list(or_else([], lambda: [3])) == [3]
