"""The fault corpus: files as broken as they come, made by code, each with what must become of it."""

import struct
import zlib
from typing import NamedTuple

from PIL import Image

from tests.encoded import encoded
from tests.films import CONTAINERS, clip
from tests.handmade import png, png_chunk, tiff
from tests.handmade_raw import dng, mosaic

LIMIT = 10_000_000  # pixels
SIDE = 60_000
NOISE = Image.effect_noise((72, 64), 60).convert("RGB")
EXTENSIONS = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "BMP": ".bmp",
    "GIF": ".gif",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "HEIF": ".heic",
    "AVIF": ".avif",
    "JXL": ".jxl",
}
FILMS = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv", "webm": ".webm", "avi": ".avi"}


class Fault(NamedTuple):
    """A broken file."""

    name: str
    data: bytes
    reason: str  # a regular expression


def images() -> dict[str, bytes]:
    """Return a whole image in each format, by the name of its file."""
    found = {f"whole{extension}": encoded(NOISE, format) for format, extension in EXTENSIONS.items()}
    found["whole.dng"] = dng(mosaic(NOISE))
    found["preview.nef"] = dng(mosaic(NOISE), 6, encoded(NOISE, "JPEG"))
    return found


def films() -> dict[str, bytes]:
    """Return a whole video in each container, by the name of its file."""
    return {f"whole{FILMS[container]}": clip(container, 30) for container in CONTAINERS}


def cuts(data: bytes, count: int) -> list[bytes]:
    """Return the beginnings of a file, of as many lengths, the last but a byte of it."""
    return [data[: length * (len(data) - 1) // count] for length in range(1, count + 1)]


def odd() -> dict[str, bytes]:
    """Return images that look broken and are none the worse for it, by the name of their file."""
    red, blue = Image.new("RGB", (40, 30), "red"), Image.new("RGB", (40, 30), "blue")
    found = {
        "png named.jpg": encoded(NOISE.rotate(90), "PNG"),
        "jpeg named.mp4": encoded(NOISE.rotate(180), "JPEG"),
        "film named.jpg": clip("mp4", 20),
        "film named.heic": clip("webm", 20),
        "heic named.png": encoded(NOISE.rotate(270), "HEIF"),
        "tiff named.nef": encoded(NOISE.transpose(Image.Transpose.TRANSPOSE), "TIFF"),
        "raw named.tif": dng(mosaic(NOISE.rotate(90))),
        "thread.png": encoded(Image.new("RGB", (1, 20_000), "green"), "PNG"),
        "thread.jpg": encoded(Image.new("RGB", (20_000, 1), "green"), "JPEG"),
        "bomb behind a small header.png": bomb_behind_small_header(),
    }
    for format in ("GIF", "WEBP", "PNG", "AVIF"):
        extension = EXTENSIONS[format]
        found[f"animated{extension}"] = encoded(red, format, save_all=True, append_images=[blue], duration=9)
    for format, extension in EXTENSIONS.items():
        found[f"pixel{extension}"] = encoded(Image.new("RGB", (1, 1), "orange"), format)
        if format not in ("BMP", "GIF"):
            found[f"bad exif{extension}"] = bad_exif(format)
        if format not in ("BMP", "GIF", "JXL"):
            found[f"bad icc{extension}"] = encoded(NOISE, format, icc_profile=b"\xff" * 300)
    return found


def bad_exif(format: str) -> bytes:
    """Return an image whose EXIF points nowhere."""
    nowhere = b"MM\0*\xff\xff\xff\xf0"
    if format == "PNG":  # which has a checksum behind it
        return encoded(NOISE, format, exif=b"Exif\0\0" + nowhere)
    tags = Image.Exif()
    tags[0x010E] = "a description"
    data = encoded(NOISE, format, exif=tags.tobytes())
    if format == "TIFF":  # whose EXIF is the image's own tags
        return data + b"\xff" * 50
    return replaced_behind(data, nowhere[:4], nowhere[4:], 0)


def bomb_behind_small_header() -> bytes:
    """Return a PNG of 10 x 10 pixels whose data unpacks to a hundred million bytes."""
    data = zlib.compress(bytes(100_000_000), 9)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def gigantic() -> list[Fault]:
    """Return files that declare 60,000 x 60,000 pixels, with data for a few."""
    square, both = struct.pack(">II", SIDE, SIDE), struct.pack(">HH", SIDE, SIDE)
    jpeg, bmp = encoded(NOISE, "JPEG"), encoded(NOISE, "BMP")
    gif, sensor = encoded(NOISE, "GIF"), dng(mosaic(NOISE))
    size = b"".join((SIDE - 1).to_bytes(3, "little") for _ in range(2))
    long_sides = (0 | 3 << 1 | (SIDE - 1) << 3 | 1 << 33).to_bytes(6, "little")  # a square, in 30 bits
    jxl = b"\xff\x0a" + long_sides + encoded(NOISE, "JXL")[8:]
    tags = {256: SIDE, 257: SIDE, 258: 8, 259: 1, 262: 1, 277: 1, 278: SIDE}
    return [
        Fault(name, data, f"{SIDE} x {SIDE}")
        for name, data in {
            "gigantic.png": png((SIDE, SIDE), 8, 2),
            "gigantic.jpg": replaced(jpeg, jpeg.index(b"\xff\xc0") + 5, both),
            "gigantic.bmp": replaced(bmp, 18, struct.pack("<II", SIDE, SIDE)),
            "gigantic.gif": replaced(gif, 6, struct.pack("<HH", SIDE, SIDE)),
            "gigantic.tif": tiff(tags, bytes(100)),
            "gigantic tiles.tif": tiff({**tags, 256: 16, 257: 16, 259: 8, 322: SIDE, 323: SIDE, 324: 8}),
            "gigantic.webp": b"RIFF\xff\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + size + bytes(100),
            "gigantic.heic": replaced_behind(encoded(NOISE, "HEIF"), b"ispe", square, 4),
            "gigantic.avif": replaced_behind(encoded(NOISE, "AVIF"), b"ispe", square, 4),
            "gigantic.jxl": jxl,
            "gigantic.dng": with_tag(with_tag(sensor, 256, SIDE), 257, SIDE),
        }.items()
    ]


def replaced(data: bytes, at: int, new: bytes) -> bytes:
    """Put other bytes at a place."""
    return data[:at] + new + data[at + len(new) :]


def replaced_behind(data: bytes, mark: bytes, new: bytes, distance: int) -> bytes:
    """Put other bytes so far behind each mark."""
    before, *parts = data.split(mark)
    assert parts, mark
    return mark.join([before, *(replaced(part, distance, new) for part in parts)])


def with_tag(data: bytes, tag: int, value: int) -> bytes:
    """Give a long of a TIFF another value."""
    at = data.index(struct.pack("<HHI", tag, 4, 1))
    return replaced(data, at + 8, struct.pack("<I", value))


def bombs() -> list[Fault]:
    """Return small files that would unpack to very much."""
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9))
    profile = png_chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(100_000_000), 9))
    row = b"\0" + bytes(3 * 20_000)
    pixels = zlib.compressobj(9)
    data = b"".join(pixels.compress(row) for _ in range(2000)) + pixels.flush()
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 2000, 8, 2, 0, 0, 0))
    wide = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return [
        Fault("bomb.png", wide, "20000 x 2000"),
        Fault("bomb in text.png", png((1, 1), 8, 2, bytes(4), text), "too large"),
        Fault("bomb in profile.png", png((1, 1), 8, 2, bytes(4), profile), "too large"),
    ]


def rubbish() -> list[Fault]:
    """Return files that are no image or video at all."""
    mp4 = clip("mp4", 20)
    return [
        *(
            Fault(f"empty{extension}", b"", "is empty")
            for extension in [*EXTENSIONS.values(), ".mp4", ".nef"]
        ),
        *(Fault(f"zeros{each}", bytes(5000), "known format") for each in (".jpg", ".heic", ".mkv", ".cr2")),
        Fault("text.jpg", b"this is no image", "known format"),
        Fault("script.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "known format"),
        Fault("playlist.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "known format"),
        Fault("concat.avi", b"ffconcat version 1.0\nfile '/etc/passwd'\n", "known format"),
        Fault("sound.mp4", mp4.replace(b"vide", b"soun"), "."),
        Fault("no index.mp4", mp4[: mp4.index(b"moov") - 4], "broken or truncated"),
        Fault("no pixels.png", png((0, 5), 8, 2), "header is broken"),
    ]


def truncated() -> list[Fault]:
    """Return each image cut in its middle."""
    return [
        Fault(name.replace("whole", "cut"), data[: len(data) // 2], ".")
        for name, data in images().items()
        if name not in ("preview.nef",)  # its preview is whole
    ]


def faults() -> list[Fault]:
    """Return every file that can't be taken."""
    return [*rubbish(), *truncated(), *gigantic(), *bombs()]
