"""Decoding: every format, every orientation, every kind of broken file, no bomb."""

import io
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scripts.lib.images.decode import center_crop, decode, read_header, resize_shorter
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.orientation import ORIENTATIONS
from scripts.lib.images.readers.protocol import DRAFT_MARGIN, Header
from tests.encoded import exif, xmp
from tests.handmade import png, tiff

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


# --- headers


@pytest.mark.parametrize("format", ["JPEG", *LOSSLESS])
def test_header_from_path_bytes_and_file(format: str, tmp_path: Path) -> None:
    path = tmp_path / "misnamed.eps"
    path.write_bytes(encode(gradient(), format))
    with path.open("rb") as file:
        headers = [read_header(bytes(path)), read_header(str(path)), read_header(file)]
    assert headers == [headers[0]] * 3
    assert headers[0] == (24, 16, format)


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
def test_webp_header_agrees_with_the_decoder(image: Image.Image, options: dict[str, object]) -> None:
    data = encode(image, "WEBP", **options)
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.size == image.size
        assert read_header(io.BytesIO(data)) == Header(*image.size, "WEBP")


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
        png((0, 5), 8, 2),
        png((5, 0), 8, 2),
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


def test_threads_leave_the_filters_of_warnings_as_they_were() -> None:
    data = encode(gradient(), "TIFF")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        sizes = set(pool.map(lambda _: read_header(io.BytesIO(data))[:2], range(500)))
    assert sizes == {(24, 16)}
    assert list(warnings.filters) == before


# --- bombs


def webp_canvas(width: int, height: int) -> bytes:
    size = b"".join((length - 1).to_bytes(3, "little") for length in (width, height))
    return b"RIFF\xff\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + size + bytes(100)


def tiff_with_tiles(side: int) -> bytes:
    """Write a 16 x 16 TIFF that declares compressed tiles of `side` pixels squared."""
    return tiff({256: 16, 257: 16, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side, 324: 8})


@pytest.mark.parametrize(
    "data",
    [png((50_000, 50_000), 8, 2), webp_canvas(1 << 24, 1 << 24), tiff_with_tiles(1 << 20)],
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


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_xmp_turns_what_exif_does_not_speak_of(format: str) -> None:
    stored = gradient(48, 32).transpose(Image.Transpose.ROTATE_90)
    for options in ({}, {"exif": exif(6)}):
        data = encode(stored, format, xmp=xmp(6), quality=95, **options)
        assert_same(decode(data, WHOLE, LIMIT), gradient(48, 32), 8 if format == "JPEG" else 0)
    contradiction = encode(gradient(48, 32), format, xmp=xmp(6), exif=exif(1), quality=95)
    assert_same(decode(contradiction, WHOLE, LIMIT), gradient(48, 32), 8 if format == "JPEG" else 0)


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
def test_whatever_a_decoder_throws_is_one_line(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_resize_shorter_by_hand(size: tuple[int, int], shorter: int, expected: tuple[int, int]) -> None:
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
def test_center_crop_by_hand(size: tuple[int, int], crop: int, box: tuple[int, int, int, int]) -> None:
    cropped = center_crop(gradient(*size), crop)
    assert_same(cropped, gradient(*size).crop(box))


def test_a_jpeg_needs_no_heavy_package() -> None:
    heavy = {"torch", "av", "pillow_heif", "pillow_jxl", "rawpy"}
    code = f"""if True:
        import io, sys
        from PIL import Image
        from scripts.lib.images.decode import decode
        file = io.BytesIO()
        Image.new("RGB", (9, 9)).save(file, "JPEG")
        decode(file, 9, 99)
        print({heavy} & set(sys.modules))"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert printed.strip() == b"set()"
