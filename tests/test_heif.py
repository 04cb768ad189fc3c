"""HEIC: upright, bounded, and never half of one because a whole thumbnail lies in it."""

import io

import pytest
from PIL import Image

from scripts.lib.images.decode import decode, read_header
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.readers.protocol import Header
from tests.encoded import apart, encoded, exif, gradient, lain_down

LIMIT, WHOLE = 10_000_000, 10_000


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_exactly_once(orientation: int) -> None:
    data = encoded(lain_down(gradient(), orientation), "HEIF", exif=exif(orientation))
    assert apart(decode(data, WHOLE, LIMIT), gradient()) <= 8


def test_the_containers_turn_counts_and_not_that_of_exif() -> None:
    found = Image.Exif()
    found[0x0112] = 6
    data = encoded(gradient(), "HEIF", exif=found)  # as an object it is written as it is
    assert b"irot" not in data
    assert apart(decode(data, WHOLE, LIMIT), gradient()) <= 8


def test_the_header_is_that_of_the_first_image_of_several() -> None:
    file = io.BytesIO()
    others = [gradient(104, 96), gradient(64, 64)]
    gradient(80, 72).save(file, "HEIF", quality=90, save_all=True, append_images=others)
    assert read_header(file) == Header(80, 72, "HEIF")
    assert decode(file, WHOLE, LIMIT).size == (80, 72)


def test_alpha_shows_a_white_page() -> None:
    image = Image.new("RGBA", (16, 16), (100, 100, 100, 0))
    assert apart(decode(encoded(image, "HEIF"), WHOLE, LIMIT), Image.new("RGB", (16, 16), "white")) <= 2


def test_ten_bits_are_seen_as_eight() -> None:
    grey = Image.new("I;16", (16, 16), 0x8000)
    seen = decode(encoded(grey, "HEIF"), WHOLE, LIMIT)
    assert apart(seen, Image.new("RGB", (16, 16), (128, 128, 128))) <= 2


def test_a_thumbnail_serves_where_it_is_large_enough() -> None:
    data = encoded(gradient(400, 300), "HEIF", thumbnails=[100])
    assert decode(data, 30, LIMIT).width == 100
    assert decode(data, 60, LIMIT).size == (400, 300)


def test_a_whole_thumbnail_does_not_stand_for_half_an_image() -> None:
    data = encoded(Image.effect_noise((200, 150), 90).convert("RGB"), "HEIF", thumbnails=[100])
    assert decode(data, 30, LIMIT).width == 100
    whole, refused = decode(data, WHOLE, LIMIT), 0
    for length in range(len(data) // 4, len(data), len(data) // 20):
        try:
            assert apart(decode(data[:length], 30, LIMIT), whole) == 0  # the thumbnail is what is cut
        except Undecodable:
            refused += 1
    assert refused > 5
