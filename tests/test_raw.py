"""Camera raw: the preview, or the sensor; and a TIFF is never taken for one."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from scripts.lib.images.decode import decode, read_header
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.readers.protocol import Header
from scripts.lib.images.readers.raw import recognises
from tests.encoded import apart, encoded, exif, gradient, lain_down
from tests.handmade import tiff
from tests.handmade_raw import dng, mosaic

LIMIT = 10_000_000
SIDE = (96, 64)


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Return whether each channel of each corner is bright."""
    small = np.asarray(image.resize((4, 4), Image.Resampling.BOX)) > 100
    return [tuple(small[y, x]) for y in (0, -1) for x in (0, -1)]


def quarters() -> Image.Image:
    """Return black, red, green and blue quarters, in reading order."""
    image = Image.new("RGB", (2, 2))
    image.putdata([(0, 0, 0), (250, 0, 0), (0, 250, 0), (0, 0, 250)])
    return image.resize(SIDE, Image.Resampling.NEAREST)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_sensor_is_developed_upright(orientation: int) -> None:
    data = dng(mosaic(lain_down(quarters(), orientation)), orientation)
    assert corners(decode(data, 10, LIMIT)) == corners(quarters())


def test_a_whole_sensor_is_developed_at_half_its_size() -> None:
    data = dng(mosaic(quarters()))
    assert read_header(io.BytesIO(data)) == Header(*SIDE, "RAW")
    assert decode(data, 10, LIMIT).size == (SIDE[0] // 2, SIDE[1] // 2)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("own", [False, True])
def test_the_preview_is_turned_once_by_its_own_or_the_files_orientation(orientation: int, own: bool) -> None:
    options = {"exif": exif(orientation)} if own else {}
    preview = encoded(lain_down(gradient(*SIDE), orientation), "JPEG", **options)
    data = dng(mosaic(quarters()), orientation, preview)
    assert apart(decode(data, 64, LIMIT), gradient(*SIDE)) <= 8


def test_a_preview_that_is_too_small_or_broken_gives_way_to_the_sensor() -> None:
    preview = encoded(gradient(*SIDE), "JPEG")
    whole = dng(mosaic(quarters()), preview=preview)
    assert decode(whole, 64, LIMIT).size == SIDE
    assert corners(decode(whole, 65, LIMIT)) == corners(quarters())
    broken = whole.replace(preview[300:320], bytes(20))
    assert broken != whole
    cut = dng(mosaic(quarters()), preview=preview).replace(preview[-200:], bytes(200))
    assert corners(decode(cut, 64, LIMIT)) in (corners(quarters()), corners(gradient(*SIDE)))


def test_a_small_preview_stands_in_for_a_sensor_that_can_not_be_developed() -> None:
    preview = encoded(gradient(*SIDE), "JPEG")
    whole = dng(mosaic(quarters()), preview=preview)
    compression = struct.pack("<HHI", 259, 3, 1)
    unknown = whole.replace(compression + struct.pack("<I", 1), compression + struct.pack("<I", 52546))
    assert decode(unknown, 65, LIMIT).size == SIDE


def test_the_limit_is_on_the_sensors_pixels() -> None:
    data = dng(mosaic(quarters()), preview=encoded(gradient(*SIDE), "JPEG"))
    assert decode(data, 64, SIDE[0] * SIDE[1]).size == SIDE
    with pytest.raises(Undecodable, match="above the limit"):
        decode(data, 64, SIDE[0] * SIDE[1] - 1)


@pytest.mark.parametrize(
    "data",
    [
        encoded(gradient(), "TIFF"),
        encoded(gradient(), "TIFF", compression="jpeg"),
        tiff({256: 2, 257: 1, 258: 16, 259: 1, 262: 1, 277: 1}, bytes(4), ">"),
        b"II*\0\x08\0\0\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*" + (8).to_bytes(4, "big") + b"\xff\xff" + bytes(40),
    ],
)
def test_a_plain_or_broken_tiff_is_no_raw_file(data: bytes) -> None:
    assert not recognises(data[:256], io.BytesIO(data))


@pytest.mark.parametrize(
    "start",
    [
        b"FUJIFILMCCD-RAW 0201",
        b"IIRO\x08\0\0\0",
        b"IIU\0\x18\0\0\0",
        b"II*\0\x10\0\0\0CR\x02\0",
        b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
    ],
)
def test_the_makers_own_starts_are_known_and_broken_files_named(start: bytes) -> None:
    data = start + bytes(500)
    assert recognises(data[:256], io.BytesIO(data))
    for read in (lambda: read_header(io.BytesIO(data)), lambda: decode(data, 32, LIMIT)):
        with pytest.raises(Undecodable, match="raw file is broken"):
            read()
