"""Decoding: every mode, every orientation, every kind of broken file."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scripts.lib.embedding.decode import (
    DRAFT_MARGIN,
    ORIENTATIONS,
    Header,
    Undecodable,
    center_crop,
    decode,
    read_header,
    resize_shorter,
)

LIMIT = 10_000_000
WHOLE = 10_000  # a target so large that no JPEG is reduced
LOSSLESS = ("PNG", "BMP", "DIB", "GIF", "TIFF", "WEBP")


def gradient(width: int = 24, height: int = 16) -> Image.Image:
    """Return an image without symmetry, smooth enough that JPEG hardly changes it."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) * 127 // (width + height)], 2)
    return Image.fromarray(pixels.astype(np.uint8))


def encode(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    if format == "WEBP":
        options = {"lossless": True, "exact": True, **options}
    image.save(file, format, **options)
    return file.getvalue()


def pixels(image: Image.Image) -> NDArray[np.int16]:
    assert image.mode == "RGB"
    return np.asarray(image, dtype=np.int16)


def assert_same(image: Image.Image, expected: Image.Image, tolerance: int = 0) -> None:
    assert image.size == expected.size
    assert np.abs(pixels(image) - pixels(expected)).max() <= tolerance


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    width: int, height: int, bits: int, colour: int, rows: bytes = b"", extra: bytes = b""
) -> bytes:
    """Write a PNG by hand, for what Pillow does not write."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + extra + body + png_chunk(b"IEND", b"")


# --- headers


@pytest.mark.parametrize("format", ["JPEG", *LOSSLESS])
def test_header_from_path_bytes_and_file(format: str, tmp_path: Path) -> None:
    path = tmp_path / "misnamed.eps"
    path.write_bytes(encode(gradient(), format))
    with path.open("rb") as file:
        headers = [read_header(bytes(path)), read_header(str(path)), read_header(file)]
    assert headers == [headers[0]] * 3
    assert headers[0][:3] == (24, 16, format)


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (gradient(1, 300), {"lossless": False}),
        (gradient(300, 1), {"lossless": True}),
        (gradient().convert("RGBA"), {"lossless": True}),
        (Image.new("RGBA", (33, 65), (1, 2, 3, 4)), {"lossless": True}),
        (Image.new("RGBA", (33, 65), (1, 2, 3, 4)), {"lossless": False}),
        (gradient(), {"exif": b"Exif\0\0", "lossless": False}),
    ],
)
def test_webp_header_agrees_with_the_decoder(
    image: Image.Image, options: dict[str, object]
) -> None:
    data = encode(image, "WEBP", **options)
    with Image.open(io.BytesIO(data)) as opened:
        assert read_header(io.BytesIO(data)) == Header(*image.size, "WEBP", opened.mode)


def test_header_is_read_from_a_file_cut_after_it() -> None:
    data = encode(gradient(64, 64), "PNG")
    assert read_header(io.BytesIO(data[: len(data) // 2]))[:2] == (64, 64)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe0",
        b"not an image" * 100,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
        b"P6 1 1 255\n\0\0\0",  # PPM: Pillow could, we do not
        b"RIFF\x20\0\0\0WEBPVP8 ",
        png(0, 5, 8, 2),
        png(5, 0, 8, 2),
    ],
)
def test_what_is_no_image_is_refused_with_a_reason(data: bytes) -> None:
    for read in (read_header, lambda file: decode(file, 32, LIMIT)):
        with pytest.raises(Undecodable, match=r"^[^\n]{10,}$"):
            read(io.BytesIO(data))


def test_failures_of_reading_are_not_failures_of_decoding(tmp_path: Path) -> None:
    class BadDisk(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(FileNotFoundError):
        read_header(bytes(tmp_path / "gone"))
    with pytest.raises(IsADirectoryError):
        decode(tmp_path, 32, LIMIT)
    with pytest.raises(OSError, match="Input/output"):
        decode(BadDisk(b"x"), 32, LIMIT)


# --- bombs


def webp_canvas(width: int, height: int) -> bytes:
    size = b"".join((length - 1).to_bytes(3, "little") for length in (width, height))
    return b"RIFF\xff\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + size + bytes(100)


def tiff_with_tiles(side: int) -> bytes:
    """Write a 16 x 16 TIFF that declares compressed tiles of `side` pixels squared."""
    tags = [(256, 16), (257, 16), (258, 8), (259, 8), (262, 1), (277, 1), (322, side), (323, side)]
    tags += [(324, 8), (325, 100)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    ifd = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 108) + bytes(100) + ifd


@pytest.mark.parametrize(
    "data",
    [png(50_000, 50_000, 8, 2), webp_canvas(1 << 24, 1 << 24), tiff_with_tiles(1 << 20)],
    ids=["png", "webp", "tiff tiles"],
)
def test_bombs_are_refused_before_allocation(data: bytes) -> None:
    with pytest.raises(Undecodable, match="above the limit of 10000000"):
        decode(data, 32, LIMIT)


def test_the_limit_itself_is_allowed() -> None:
    data = encode(gradient(100, 50), "PNG")
    assert decode(data, 32, 5000).size == (100, 50)
    with pytest.raises(Undecodable, match="100 x 50"):
        decode(data, 32, 4999)


# --- orientation


@pytest.mark.parametrize("format", ["JPEG", "MPO", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(10))
def test_orientation_is_applied_exactly_once(format: str, orientation: int) -> None:
    upright = gradient(48, 32)
    undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    transpose = undo.get(orientation, ORIENTATIONS.get(orientation))
    stored = upright if transpose is None else upright.transpose(transpose)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(stored, format, exif=exif, **({"quality": 95} if format != "TIFF" else {}))
    assert_same(decode(data, WHOLE, LIMIT), upright, 8 if format in ("JPEG", "MPO") else 0)


def test_compressed_tiff_is_turned_once() -> None:
    stored = gradient().transpose(Image.Transpose.ROTATE_90)
    data = encode(stored, "TIFF", compression="tiff_lzw", tiffinfo={0x0112: 6})
    assert_same(decode(data, WHOLE, LIMIT), gradient())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\x03\xff\xff\xff\xff\0\0\0\0" * 3,
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0abc\0\0\0\0\0",
    ],
)
def test_broken_exif_never_fails_an_image(format: str, exif: bytes) -> None:
    image = Image.new("RGB", (20, 10), (90, 90, 90))
    assert_same(decode(encode(image, format, exif=exif), WHOLE, LIMIT), image)


# --- modes


def test_bilevel_and_grey() -> None:
    black_and_white = Image.new("1", (9, 5))
    black_and_white.putpixel((3, 2), 1)
    for image in (black_and_white, gradient().convert("L")):
        assert_same(decode(encode(image, "PNG"), 32, LIMIT), image.convert("RGB"))


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_alpha_shows_a_white_page(mode: str) -> None:
    image = Image.new("RGBA", (4, 2), (100, 100, 100, 0))
    image.putpixel((1, 0), (100, 100, 100, 255))
    image.putpixel((2, 0), (100, 100, 100, 51))
    stored = image if mode == "RGBA" else image.convert(mode)
    decoded = decode(encode(stored, "TIFF" if mode == "PA" else "PNG"), 32, LIMIT)
    assert decoded.getpixel((0, 0)) == (255, 255, 255)
    assert decoded.getpixel((1, 0)) == (100, 100, 100)
    assert decoded.getpixel((2, 0)) == (224, 224, 224)  # 0.2 * 100 + 0.8 * 255


def test_premultiplied_grey_tiff() -> None:
    tags = [
        (256, 1),
        (257, 1),
        (258, 8 | 8 << 16),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 2),
        (279, 2),
    ]
    tags.append((338, 1))
    entries = b"".join(
        struct.pack("<HHII", tag, 3 if tag == 258 else 4, 2 if tag == 258 else 1, value)
        for tag, value in tags
    )
    ifd = struct.pack("<H", len(tags)) + entries + bytes(4)
    data = b"II*\0" + struct.pack("<I", 10) + bytes([51, 51]) + ifd
    assert read_header(io.BytesIO(data)).mode == "La"
    assert decode(data, 32, LIMIT).getpixel((0, 0)) == (255, 255, 255)  # white at alpha 0.2


def test_palette_plain_with_index_and_with_bytes() -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.putdata([0, 1, 2])
    seen = [(10, 20, 30), (40, 50, 60), (70, 80, 90)]
    white = (255, 255, 255)
    cases: list[tuple[dict[str, object], list[tuple[int, int, int]]]] = [
        ({}, seen),
        ({"transparency": 1}, [seen[0], white, seen[2]]),
        ({"transparency": b"\x00\xff\x33"}, [white, seen[1], (218, 220, 222)]),
    ]
    for options, expected in cases:
        decoded = decode(encode(image, "PNG", **options), 32, LIMIT)
        assert [decoded.getpixel((x, 0)) for x in range(3)] == expected


def test_a_transparent_colour_shows_the_page() -> None:
    red = Image.new("RGB", (2, 1), (200, 0, 0))
    grey = Image.new("L", (2, 1), 9)
    red.putpixel((1, 0), (0, 0, 200))
    assert (
        decode(encode(red, "PNG", transparency=(200, 0, 0)), 9, 99).getpixel((0, 0)) == (255,) * 3
    )
    assert decode(encode(red, "PNG", transparency=(200, 0, 0)), 9, 99).getpixel((1, 0)) == (
        0,
        0,
        200,
    )
    assert decode(encode(grey, "PNG", transparency=9), 9, 99).getpixel((0, 0)) == (255,) * 3


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB"])
def test_colour_spaces(mode: str) -> None:
    for colour in ((200, 100, 50), (40, 90, 160), (255, 255, 255)):
        image = Image.new("RGB", (5, 4), colour)
        assert_same(decode(encode(image.convert(mode), "TIFF"), 32, LIMIT), image, 8)  # 8-bit LAB is coarse


@pytest.mark.parametrize("mode", ["HSV", "RGBX", "RGBa", "La", "PA"])
def test_modes_that_few_files_have(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    grey = gradient().convert("L").convert("RGB")
    source, expected = (
        (grey.convert("LA"), grey) if mode in ("La", "PA") else (gradient(), gradient())
    )
    if mode == "RGBa":
        source = source.convert("RGBA")
    from scripts.lib.embedding import decode as module

    assert_same(module._to_rgb(source.convert(mode)), expected, 6)


def test_adobe_cmyk_jpeg_is_not_inverted() -> None:
    data = encode(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG")
    assert b"Adobe" in data
    assert decode(data, 32, LIMIT).getpixel((8, 8)) == (255, 255, 255)


def grey_levels(image: Image.Image) -> list[int]:
    return [int(level) for level in pixels(image)[0, :, 0]]


@pytest.mark.parametrize("endian", ["<", ">"])
def test_16_bit_grey_tiff(endian: str) -> None:
    mark = b"II*\0" if endian == "<" else b"MM\0*"
    tags = [(256, 3), (257, 1), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (279, 6)]
    entries = b"".join(struct.pack(f"{endian}HHII", tag, 4, 1, value) for tag, value in tags)
    ifd = struct.pack(f"{endian}H", len(tags)) + entries + bytes(4)
    values = struct.pack(f"{endian}3H", 0, 0x8000, 0xFFFF)
    data = mark + struct.pack(f"{endian}I", 14) + values + ifd
    assert read_header(io.BytesIO(data)).mode == ("I;16" if endian == "<" else "I;16B")
    assert grey_levels(decode(data, 32, LIMIT)) == [0, 128, 255]


def test_16_bit_png() -> None:
    grey = png(3, 1, 16, 0, b"\0" + struct.pack(">3H", 0, 0x8000, 0xFFFF))
    colour = png(1, 1, 16, 2, b"\0" + struct.pack(">3H", 0xFFFF, 0x8000, 0))
    see_through = png(1, 1, 16, 6, b"\0" + struct.pack(">4H", 0, 0, 0, 0))
    hidden = png_chunk(b"tRNS", struct.pack(">3H", 0xFFFF, 0x8000, 0))
    assert grey_levels(decode(grey, 32, LIMIT)) == [0, 128, 255]
    assert decode(colour, 32, LIMIT).getpixel((0, 0)) == (255, 128, 0)
    assert decode(see_through, 32, LIMIT).getpixel((0, 0)) == (255, 255, 255)
    decode(png(1, 1, 16, 2, b"\0" + struct.pack(">3H", 0xFFFF, 0x8000, 0), hidden), 32, LIMIT)


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
        ([-3e38, 0, 3e38], [0, 128, 255]),
        ([-5, -5, -5], [0, 0, 0]),
    ],
)
def test_float_images(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], dtype=np.float32))
    assert grey_levels(decode(encode(image, "TIFF"), 32, LIMIT)) == expected


def test_32_bit_integers() -> None:
    image = Image.fromarray(np.array([[0, 1 << 30, (1 << 31) - 1]], dtype=np.int32))
    assert grey_levels(decode(encode(image, "TIFF"), 32, LIMIT)) == [0, 128, 255]


# --- frames, sizes, draft


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_the_first_of_several_frames(format: str) -> None:
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    data = encode(first, format, save_all=True, append_images=[second])
    assert_same(decode(data, 32, LIMIT), first, 2)


@pytest.mark.parametrize("format", ["JPEG", *LOSSLESS])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 1)])
def test_tiny_images(format: str, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (250, 250, 250))
    assert_same(decode(encode(image, format), 32, LIMIT), image, 1)


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_thread_of_an_image(format: str) -> None:
    image = Image.new("RGB", (1, 20_000), "red")
    decoded = decode(encode(image, format), 32, LIMIT)
    assert decoded.size == (1, 20_000)
    assert center_crop(resize_shorter(decoded, 64, Image.Resampling.BILINEAR), 64).size == (64, 64)


def test_jpeg_is_reduced_but_never_below_the_margin() -> None:
    data = encode(gradient(1600, 1200), "JPEG")
    for target in (16, 32, 75, 76, 150, 300, 600, 601, 5000):
        shorter = min(decode(data, target, LIMIT).size)
        assert shorter >= min(1200, DRAFT_MARGIN * target)
        assert shorter < 2 * DRAFT_MARGIN * target or shorter == 150
    assert decode(data, 16, LIMIT).size == (200, 150)


# --- broken data


@pytest.mark.parametrize("format", ["JPEG", "MPO", *LOSSLESS])
@pytest.mark.parametrize("options", [{}, {"progressive": True, "compression": "tiff_lzw"}])
def test_a_truncated_file_is_refused_or_whole(format: str, options: dict[str, object]) -> None:
    image = Image.effect_noise((64, 48), 90).convert("RGB")
    data = encode(image, format, **options)
    whole = decode(data, WHOLE, LIMIT)
    for length in sorted({*range(0, len(data), max(1, len(data) // 100)), len(data) - 1}):
        try:
            decoded = decode(data[:length], WHOLE, LIMIT)
        except Undecodable:
            continue
        assert_same(decoded, whole)


@pytest.mark.parametrize("format", ["JPEG", "MPO", *LOSSLESS])
def test_altered_bytes_raise_nothing_but_undecodable(format: str) -> None:
    data = np.frombuffer(encode(gradient(40, 30), format), dtype=np.uint8)
    random = np.random.default_rng(0)
    for _ in range(200):
        altered = data.copy()
        places = random.integers(0, min(len(data), 400), 3)
        altered[places] = random.integers(0, 256, 3)
        for read in (
            lambda content: read_header(io.BytesIO(content)),
            lambda content: decode(content, 8, LIMIT),
        ):
            try:
                read(altered.tobytes())
            except Undecodable:
                continue


@pytest.mark.parametrize("error", [MemoryError(), ZeroDivisionError("x"), OverflowError("y\nz")])
def test_whatever_a_decoder_throws_is_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", broken)
    with pytest.raises(Undecodable, match=r"^[^\n]+$"):
        decode(encode(gradient(), "PNG"), 32, LIMIT)


# --- resizing


@pytest.mark.parametrize(
    ("size", "shorter", "expected"),
    [
        ((500, 375), 384, (512, 384)),
        ((375, 500), 384, (384, 512)),
        ((100, 33), 232, (703, 232)),  # 703.03 is truncated
        ((33, 100), 10, (10, 30)),
        ((7, 7), 5, (5, 5)),
        ((1, 1), 5, (5, 5)),
    ],
)
def test_resize_shorter_by_hand(
    size: tuple[int, int], shorter: int, expected: tuple[int, int]
) -> None:
    resized = resize_shorter(gradient(*size), shorter, Image.Resampling.BICUBIC)
    assert resized.size == expected
    assert_same(resized, gradient(*size).resize(expected, Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    ("size", "crop", "box"),
    [
        ((10, 8), 4, (3, 2, 7, 6)),
        ((9, 11), 4, (2, 4, 6, 8)),  # 2.5 and 3.5: halves go to the even number
        ((5, 8), 8, (-1, 0, 7, 8)),
        ((3, 2), 8, (-2, -3, 6, 5)),
    ],
)
def test_center_crop_by_hand(
    size: tuple[int, int], crop: int, box: tuple[int, int, int, int]
) -> None:
    cropped = center_crop(gradient(*size), crop)
    assert_same(cropped, gradient(*size).crop(box))


def test_the_import_is_light() -> None:
    code = "import sys, scripts.lib.embedding.decode; print({'torch', 'cv2'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert printed.strip() == b"set()"
