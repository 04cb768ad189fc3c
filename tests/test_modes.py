"""Every mode that a file can have ends as the RGB that a person would see."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from scripts.lib.images.decode import decode
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.modes import to_rgb
from tests.handmade import png, png_chunk, tiff

WHITE = (255, 255, 255)
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, ROWS, PLANAR = 256, 257, 258, 259, 262, 277, 278, 284


def seen(data: bytes) -> list[tuple[int, ...]]:
    """Return the colours of the first row of a file."""
    image = decode(data, target=32, pixel_limit=10_000)
    assert image.mode == "RGB"
    return [tuple(colour) for colour in np.asarray(image)[0].tolist()]


def grey_levels(data: bytes) -> list[int]:
    assert all(red == green == blue for red, green, blue in seen(data))
    return [red for red, _, _ in seen(data)]


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def row(mode: str, colours: Sequence[object]) -> Image.Image:
    image = Image.new(mode, (len(colours), 1))
    image.putdata(colours)
    return image


def test_bilevel_and_grey() -> None:
    assert grey_levels(encode(row("1", [0, 1, 0]), "PNG")) == [0, 255, 0]
    assert grey_levels(encode(row("L", [0, 77, 255]), "PNG")) == [0, 77, 255]


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_alpha_shows_a_white_page(mode: str) -> None:
    image = row("RGBA", [(100, 100, 100, alpha) for alpha in (0, 255, 51)]).convert(mode)
    data = encode(image, "TIFF" if mode == "PA" else "PNG")
    assert grey_levels(data) == [255, 100, 224]  # 0.2 * 100 + 0.8 * 255


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [(10, 20, 30), (40, 50, 60), (70, 80, 90)]),
        ({"transparency": 1}, [(10, 20, 30), WHITE, (70, 80, 90)]),
        ({"transparency": b"\x00\xff\x33"}, [WHITE, (40, 50, 60), (218, 220, 222)]),
    ],
)
def test_palette(options: dict[str, object], expected: list[tuple[int, ...]]) -> None:
    image = row("P", [0, 1, 2])
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    assert seen(encode(image, "PNG", **options)) == expected


def test_a_transparent_colour_shows_the_page() -> None:
    colours = row("RGB", [(200, 0, 0), (0, 0, 200)])
    assert seen(encode(colours, "PNG", transparency=(200, 0, 0))) == [WHITE, (0, 0, 200)]
    assert grey_levels(encode(row("L", [9, 8]), "PNG", transparency=9)) == [255, 8]


@pytest.mark.parametrize(("mode", "tolerance"), [("CMYK", 0), ("YCbCr", 2), ("LAB", 8)])
def test_colour_spaces(mode: str, tolerance: int) -> None:
    for colour in ((200, 100, 50), (40, 90, 160), WHITE):
        data = encode(Image.new("RGB", (1, 1), colour).convert(mode), "TIFF")
        np.testing.assert_allclose(seen(data)[0], colour, atol=tolerance)


@pytest.mark.parametrize("mode", ["HSV", "RGBX"])
def test_modes_that_no_file_has(mode: str) -> None:
    image = row("RGB", [(200, 100, 50), (40, 90, 160)])
    np.testing.assert_allclose(to_rgb(image.convert(mode)), image, atol=4)


@pytest.mark.parametrize("mode", ["RGBa", "La"])
def test_premultiplied_alpha(mode: str) -> None:
    colours = row("RGBA", [(100, 100, 100, alpha) for alpha in (0, 255, 51)])
    image = colours.convert("LA").convert(mode) if mode == "La" else colours.convert(mode)
    assert [colour[0] for colour in np.asarray(to_rgb(image))[0].tolist()] == [255, 100, 224]


def test_adobe_cmyk_jpeg_is_not_inverted() -> None:
    data = encode(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG")
    assert b"Adobe" in data
    assert grey_levels(data) == [255] * 16


@pytest.mark.parametrize("endian", ["<", ">"])
def test_16_bit_grey_tiff(endian: str) -> None:
    tags = {WIDTH: 3, HEIGHT: 1, BITS: 16, COMPRESSION: 1, PHOTOMETRIC: 1, SAMPLES: 1}
    values = struct.pack(f"{endian}3H", 0, 0x8000, 0xFFFF)
    assert grey_levels(tiff(tags, values, endian)) == [0, 128, 255]


@pytest.mark.parametrize("bits", [8, 16])
def test_grey_whose_zero_is_white(bits: int) -> None:
    tags = {WIDTH: 3, HEIGHT: 1, BITS: bits, COMPRESSION: 1, PHOTOMETRIC: 0, SAMPLES: 1}
    values = struct.pack("<3H", 0, 0x7FFF, 0xFFFF) if bits == 16 else bytes([0, 127, 255])
    assert grey_levels(tiff(tags, values)) == [255, 128, 0]


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L", "I;16N"])
def test_16_bit_of_every_byte_order(mode: str) -> None:
    image = Image.new(mode, (2, 1), 0x8000)
    assert to_rgb(image).getpixel((1, 0)) == (128, 128, 128)


def test_12_bit_grey_tiff() -> None:
    tags = {WIDTH: 2, HEIGHT: 1, BITS: 12, COMPRESSION: 1, PHOTOMETRIC: 1, SAMPLES: 1}
    assert grey_levels(tiff(tags, b"\x80\x0f\xff")) == [128, 255]


@pytest.mark.parametrize("endian", "<>")
@pytest.mark.parametrize("compression", [1, 8])
def test_16_bit_planes(endian: str, compression: int) -> None:
    tags = {WIDTH: 2, HEIGHT: 1, BITS: 16, COMPRESSION: compression, PHOTOMETRIC: 2, SAMPLES: 3, PLANAR: 2}
    planes = [struct.pack(f"{endian}2H", *each) for each in ((0, 0x8000), (0xFFFF, 0x1234), (0x4321, 0))]
    data = tiff(tags, planes if compression == 1 else [zlib.compress(plane) for plane in planes], endian)
    assert seen(data) == [(0, 255, 0x43), (128, 0x12, 0)]
    with pytest.raises(Undecodable):
        seen(tiff(tags, [planes[0], planes[1][:1], b""], endian))


def test_16_bit_png() -> None:
    assert grey_levels(png((3, 1), 16, 0, b"\0" + struct.pack(">3H", 0, 0x8000, 0xFFFF))) == [
        0,
        128,
        255,
    ]
    colour = b"\0" + struct.pack(">3H", 0xFFFF, 0x8000, 0)
    assert seen(png((1, 1), 16, 2, colour)) == [(255, 128, 0)]
    assert seen(png((1, 1), 16, 6, colour + b"\0\0")) == [WHITE]
    # Pillow keeps 8 bits of the colour and 16 of what it is to be compared with
    assert len(seen(png((1, 1), 16, 2, colour, png_chunk(b"tRNS", colour[1:])))) == 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.5, 1], [0, 128, 255]),
        ([0, 128, 255], [0, 128, 255]),
        ([0, 32896, 65535], [0, 128, 255]),
        ([-1, 0, 1], [0, 128, 255]),
        ([0, np.nan, 1], [0, 0, 255]),
        ([-np.inf, 1, np.inf], [0, 255, 255]),
        ([np.nan] * 3, [0, 0, 0]),
        ([np.inf, np.nan, -np.inf], [255, 0, 0]),
        ([-3e38, 0, 3e38], [0, 128, 255]),
        ([-5, -5, -5], [0, 0, 0]),
    ],
)
def test_float_tiff(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], dtype=np.float32))
    assert grey_levels(encode(image, "TIFF")) == expected


def test_32_bit_integer_tiff() -> None:
    image = Image.fromarray(np.array([[0, 1 << 30, (1 << 31) - 1]], dtype=np.int32))
    assert grey_levels(encode(image, "TIFF")) == [0, 128, 255]
