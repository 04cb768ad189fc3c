"""The directories of TIFFs, whole and hostile."""

import io
import struct

import pytest

from scripts.lib.images.tiff_tags import directories, is_sensor_data
from tests.handmade import tiff
from tests.handmade_raw import directory

LONG, SHORT = 4, 3


def at_eight(content: bytes) -> io.BytesIO:
    return io.BytesIO(b"II*\0" + struct.pack("<I", 8) + content)


@pytest.mark.parametrize("endian", ["<", ">"])
def test_numbers_are_read_in_either_order_of_bytes(endian: str) -> None:
    (only,) = directories(io.BytesIO(tiff({256: 7, 257: 9, 262: 2}, bytes(10), endian)))
    assert (only[256], only[257], only[262]) == ((7,), (9,), (2,))


def test_sub_directories_are_read_too() -> None:
    inner = directory({262: (SHORT, 32803)}, 500)
    outer = directory({256: (LONG, 5), 330: (LONG, [500, 500])}, 8)
    file = at_eight(outer.ljust(492, b"\0") + inner)
    assert [sorted(each) for each in directories(file)] == [[256, 330], [262]]
    assert is_sensor_data(file.getvalue()[:256], file)


def test_directories_that_point_at_each_other_end() -> None:
    loop = directory({256: (LONG, 5), 330: (LONG, 8)}, 8)
    file = at_eight(loop[:-4] + struct.pack("<I", 8))
    assert len(list(directories(file))) == 1
    many = directory({330: (LONG, list(range(100, 4000)))}, 8)
    assert len(list(directories(at_eight(many)))) <= 32


def test_of_an_entry_with_many_numbers_a_few_are_read() -> None:
    content = directory({tag: (LONG, [7] * 90_000) for tag in range(1000, 1005)}, 8)
    (found,) = directories(at_eight(content))
    assert found == {tag: (7,) * 32 for tag in range(1000, 1005)}


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"\x01\0", b"\x01\0" + b"\xff" * 12, b"\xff" * 500])
def test_broken_directories_are_no_error(content: bytes) -> None:
    file = at_eight(content)
    assert not is_sensor_data(file.getvalue()[:256], file)


@pytest.mark.parametrize(
    ("photometric", "sensor"), [(0, False), (1, False), (2, False), (6, False), (32803, True), (34892, True)]
)
def test_sensors_are_told_from_pictures(photometric: int, sensor: bool) -> None:
    file = at_eight(directory({262: (SHORT, photometric)}, 8))
    assert is_sensor_data(file.getvalue()[:256], file) is sensor
