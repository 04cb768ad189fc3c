"""AVIF: upright, bounded, the first of several."""

import io

import pytest
from PIL import Image

from scripts.lib.images.decode import decode, read_header
from scripts.lib.images.readers.protocol import Header
from tests.encoded import apart, encoded, exif, gradient, lain_down

LIMIT, WHOLE = 10_000_000, 10_000


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_exactly_once(orientation: int) -> None:
    data = encoded(lain_down(gradient(), orientation), "AVIF", exif=exif(orientation))
    assert b"irot" in data or b"imir" in data or orientation == 1
    assert apart(decode(data, WHOLE, LIMIT), gradient()) <= 8


def test_only_the_container_turns_the_image() -> None:
    """Editors leave the orientation in the XMP, where the container's turn has already taken its place."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>'
    data = encoded(gradient(), "AVIF", xmp=xmp)
    assert b"tiff:Orientation" in data
    assert apart(decode(data, WHOLE, LIMIT), gradient()) <= 8


def test_the_first_of_a_sequence() -> None:
    file = io.BytesIO()
    Image.new("RGB", (24, 16), "blue").save(
        file, "AVIF", save_all=True, append_images=[Image.new("RGB", (24, 16), "red")]
    )
    assert read_header(file) == Header(24, 16, "AVIF")
    assert apart(decode(file, WHOLE, LIMIT), Image.new("RGB", (24, 16), "blue")) <= 4


def test_alpha_shows_a_white_page() -> None:
    image = Image.new("RGBA", (16, 16), (100, 100, 100, 0))
    assert apart(decode(encoded(image, "AVIF"), WHOLE, LIMIT), Image.new("RGB", (16, 16), "white")) <= 2
