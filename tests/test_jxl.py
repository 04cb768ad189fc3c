"""JPEG XL: its size is read before it is decoded, and it is turned once whoever says so."""

import io
from pathlib import Path

import pytest
from PIL import Image

from scripts.lib.images.decode import decode, read_header
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.readers.jxl import BARE, CONTAINER
from scripts.lib.images.readers.protocol import Header
from tests.encoded import apart, encoded, exif, gradient, lain_down

LIMIT, WHOLE = 10_000_000, 10_000
SIZES = [
    (1, 1),
    (8, 8),
    (9, 8),
    (256, 256),
    (40, 30),
    (30, 20),
    (32, 18),
    (60, 48),
    (64, 32),
    (700, 3),
    (3, 600),
]


# Six pixels whose codestream, as libjxl's own tools write it, asks for a quarter turn clockwise.
TURNED = bytes.fromhex("ff0a08400bc4040800010048004b188b15c241239dbd400000100340c1e226")
STORED = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 0, 0), (255, 255, 255)]  # 3 x 2


def upright() -> Image.Image:
    image = Image.new("RGB", (3, 2))
    image.putdata(STORED)
    return image.transpose(Image.Transpose.ROTATE_270)


def contained(codestream: bytes, parts: int = 1, exif: bytes = b"") -> bytes:
    """Put a codestream into a container, split into parts of two bytes and the rest."""
    boxes = box(b"ftyp", b"jxl \0\0\0\0jxl ")
    if exif:
        boxes += box(b"Exif", bytes(4) + exif.removeprefix(b"Exif\0\0"))
    for part in range(parts - 1):
        boxes += box(b"jxlp", part.to_bytes(4, "big") + codestream[2 * part : 2 * part + 2])
    last = (parts - 1) | 0x80000000
    return CONTAINER + boxes + box(b"jxlp", last.to_bytes(4, "big") + codestream[2 * parts - 2 :])


def box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("container", [False, True])
def test_the_header_says_what_the_decoder_says(size: tuple[int, int], container: bool) -> None:
    data = encoded(gradient(*size), "JXL", use_container=container)
    assert data.startswith(CONTAINER if container else BARE)
    assert read_header(io.BytesIO(data)) == Header(*size, "JXL")
    assert decode(data, WHOLE, LIMIT).size == size


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_the_header_is_found_in_any_number_of_parts(parts: int) -> None:
    data = contained(TURNED, parts)
    assert read_header(io.BytesIO(data)) == Header(3, 2, "JXL")
    assert apart(decode(data, WHOLE, LIMIT), upright()) == 0


@pytest.mark.parametrize("data", [TURNED, contained(TURNED), contained(TURNED, exif=exif(6))])
def test_the_turn_of_the_codestream_is_applied_once(data: bytes) -> None:
    assert apart(decode(data, WHOLE, LIMIT), upright()) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_where_the_codestream_has_no_turn_that_of_exif_is_applied(orientation: int) -> None:
    data = encoded(lain_down(gradient(), orientation), "JXL", exif=exif(orientation))
    assert apart(decode(data, WHOLE, LIMIT), gradient()) == 0


@pytest.mark.filterwarnings("ignore:Using JPEG reconstruction")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_packed_jpeg_is_turned_as_that_jpeg_is(orientation: int, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(lain_down(gradient(), orientation), "JPEG", exif=exif(orientation)))
    with Image.open(path) as jpeg:
        data = encoded(jpeg, "JXL", lossless_jpeg=True)
    assert apart(decode(data, WHOLE, LIMIT), decode(path, WHOLE, LIMIT)) == 0


def test_alpha_shows_a_white_page() -> None:
    image = Image.new("RGBA", (16, 16), (100, 100, 100, 0))
    assert apart(decode(encoded(image, "JXL"), WHOLE, LIMIT), Image.new("RGB", (16, 16), "white")) == 0


def test_16_bits_of_linear_light_are_seen_as_8_of_srgb() -> None:
    data = encoded(Image.new("I;16", (16, 16), 0x8000), "JXL")  # linear, says the profile that is written
    half = round(255 * (1.055 * 0.5 ** (1 / 2.4) - 0.055))
    assert apart(decode(data, WHOLE, LIMIT), Image.new("RGB", (16, 16), (half, half, half))) <= 1


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(encoded(gradient(700, 3), "JXL"))
    bits = 0 | 3 << 1 | 59_999 << 3 | 1 << 33  # a height in 30 bits, and a width equal to it
    data[2:8] = bits.to_bytes(6, "little")
    assert read_header(io.BytesIO(data)) == Header(60_000, 60_000, "JXL")
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("was opened"))
    with pytest.raises(Undecodable, match="60000 x 60000"):
        decode(bytes(data), 32, LIMIT)


@pytest.mark.parametrize("data", [BARE, BARE + b"\x08", CONTAINER, contained(b"\xff\x0b" + bytes(40))])
def test_a_broken_header_is_named(data: bytes) -> None:
    with pytest.raises(Undecodable, match="JPEG XL"):
        read_header(io.BytesIO(data))
