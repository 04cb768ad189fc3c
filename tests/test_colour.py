"""Profiles: wide gamuts, printers and greys are seen as they were meant; broken profiles change nothing."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from scripts.lib.images.colour import _transform, to_srgb
from scripts.lib.images.decode import decode
from tests.encoded import encoded, exif, lain_down
from tests.profiles import (
    ADOBE,
    DISPLAY_P3,
    SRGB,
    cmyk_profile,
    grey_profile,
    lab_seen_as,
    rgb_profile,
    seen_as,
)

LIMIT = 10_000_000
COLOURS = np.array(
    [[200, 80, 60], [60, 160, 70], [90, 110, 190], [128, 128, 128], [250, 240, 230], [0, 0, 0]]
)
P3 = rgb_profile(DISPLAY_P3)
OWN_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def tiles(colours: np.ndarray = COLOURS, side: int = 16) -> Image.Image:
    """Return a row of squares of these colours."""
    row = np.repeat(colours[np.newaxis].astype(np.uint8), side, axis=1)
    return Image.fromarray(np.repeat(row, side, axis=0))


def middles(image: Image.Image, side: int = 16) -> np.ndarray:
    """Return the colours in the middles of the squares."""
    assert image.mode == "RGB"
    return np.asarray(image, np.float64)[side // 2, side // 2 :: side]


@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE], ids=["p3", "adobe"])
def test_wide_gamuts_are_seen_as_they_were_meant(primaries: np.ndarray) -> None:
    seen = to_srgb(tiles(), rgb_profile(primaries))
    np.testing.assert_allclose(middles(seen), seen_as(COLOURS, primaries), atol=2)
    assert np.abs(middles(seen) - COLOURS).max() > 10


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF"])
def test_every_format_hands_its_profile_on(format: str) -> None:
    data = encoded(tiles(), format, icc_profile=P3)
    tolerance = 2 if format in ("PNG", "TIFF", "WEBP") else 8
    np.testing.assert_allclose(
        middles(decode(data, 1000, LIMIT)), seen_as(COLOURS, DISPLAY_P3), atol=tolerance
    )


def test_colours_and_orientation_go_together() -> None:
    stored = lain_down(tiles(), 6)
    data = encoded(stored, "PNG", icc_profile=P3, exif=exif(6))
    np.testing.assert_allclose(middles(decode(data, 1000, LIMIT)), seen_as(COLOURS, DISPLAY_P3), atol=2)


def test_transparency_is_kept_and_shows_the_page() -> None:
    image = tiles().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 255))
    image.paste((0, 0, 0, 0), (0, 0, 16, 16))
    seen = middles(decode(encoded(image, "PNG", icc_profile=P3), 1000, LIMIT))
    np.testing.assert_array_equal(seen[0], [255, 255, 255])
    np.testing.assert_allclose(seen[1:], seen_as(COLOURS[1:], DISPLAY_P3), atol=2)


def test_a_palette_has_colours_too() -> None:
    data = encoded(tiles().quantize(8), "PNG", icc_profile=P3)
    np.testing.assert_allclose(middles(decode(data, 1000, LIMIT)), seen_as(COLOURS, DISPLAY_P3), atol=2)


def test_grey_with_a_profile_of_grey() -> None:
    levels = np.array([0, 50, 100, 200, 255])
    image = tiles(np.repeat(levels[:, np.newaxis], 3, axis=1)).convert("L")
    expected = seen_as(np.repeat(levels[:, np.newaxis], 3, axis=1), SRGB, 1.0)
    seen = decode(encoded(image, "PNG", icc_profile=grey_profile(1.0)), 1000, LIMIT)
    np.testing.assert_allclose(middles(seen), expected, atol=2)
    with_alpha = image.convert("LA")
    seen = decode(encoded(with_alpha, "PNG", icc_profile=grey_profile(1.0)), 1000, LIMIT)
    np.testing.assert_allclose(middles(seen), expected, atol=2)


def test_grey_with_a_profile_of_colours() -> None:
    image = tiles(np.full((3, 3), 100)).convert("L")
    seen = decode(encoded(image, "PNG", icc_profile=rgb_profile(SRGB, 1.0)), 1000, LIMIT)
    np.testing.assert_allclose(middles(seen), seen_as(np.full((3, 3), 100), SRGB, 1.0), atol=2)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_inks_are_seen_as_the_printer_puts_them(format: str) -> None:
    paper, cyan, orange = (100, 0, 0), (60, -20, -30), (65, 30, 50)
    profile = cmyk_profile({(0, 0, 0, 0): paper, (1, 0, 0, 0): cyan, (0, 1, 1, 0): orange})
    inks = {(0, 0, 0, 0): paper, (255, 0, 0, 0): cyan, (0, 255, 255, 0): orange, (0, 0, 0, 255): (0, 0, 0)}
    for ink, lab in inks.items():
        data = encoded(Image.new("CMYK", (16, 16), ink), format, icc_profile=profile)
        seen = np.asarray(decode(data, 100, LIMIT))[8, 8]
        np.testing.assert_allclose(seen, lab_seen_as(*lab), atol=3)


@pytest.mark.parametrize("profile", [OWN_SRGB, rgb_profile(SRGB, 2.2, "another name")])
def test_srgb_under_any_name_costs_nothing(profile: bytes) -> None:
    image = tiles()
    unseen = profile == OWN_SRGB
    assert (_transform(profile, "RGB") is None) == unseen
    assert (to_srgb(image, profile) is image) == unseen


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"no profile",
        bytes(200),
        P3[:150],
        P3[:-60],
        P3[:128] + b"\xff" * (len(P3) - 128),
        P3[:132] + bytes(len(P3) - 132),
        P3 + bytes(1 << 22),
        cmyk_profile({}),  # of other pixels
        grey_profile(1.0),
    ],
)
def test_a_profile_that_cannot_be_used_changes_nothing(profile: bytes) -> None:
    assert to_srgb(tiles(), profile).tobytes() == tiles().tobytes()
    file = io.BytesIO()
    tiles().save(file, "PNG", icc_profile=profile or None)
    np.testing.assert_array_equal(middles(decode(file, 1000, LIMIT)), COLOURS)


def test_altered_profiles_never_fail_an_image() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        altered = bytearray(P3)
        for place in random.integers(0, len(P3), 4):
            altered[place] = random.integers(256)
        assert to_srgb(tiles(), bytes(altered)).size == tiles().size


def test_a_lab_image_is_left_to_pillow() -> None:
    image = Image.new("RGB", (1, 1), (40, 90, 160)).convert("LAB")
    assert to_srgb(image, P3) is image


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "1", "L", "CMYK"])
def test_a_large_image_is_reduced_before_but_not_too_far(mode: str) -> None:
    image = tiles(side=100).convert(mode, dither=Image.Dither.NONE)
    profile = {"CMYK": cmyk_profile({(0, 0, 0, 0): (100, 0, 0)})}.get(mode, rgb_profile(DISPLAY_P3, 1.0))
    small = to_srgb(image, profile, 30)
    assert min(small.size) == 34
    large = to_srgb(image, profile).resize(small.size, Image.Resampling.BOX)
    apart = np.asarray(small.convert("RGB"), float)[17, 17::34] - np.asarray(large.convert("RGB"))[17, 17::34]
    assert np.abs(apart).max() <= 2
    assert to_srgb(image, profile, 51).size == image.size
