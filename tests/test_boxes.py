"""ISO base media boxes: found, bounded, and the size of the image that matters."""

import io

import pytest

from scripts.lib.images.boxes import boxes, brands, image_size, is_whole
from scripts.lib.images.failures import Undecodable


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, bytes([version]), flags.to_bytes(3, "big"), *content)


def number(value: int, length: int) -> bytes:
    return value.to_bytes(length, "big")


def size(width: int, height: int) -> bytes:
    return full(b"ispe", 0, 0, number(width, 4), number(height, 4))


def image_file(wide: bool, primary: int) -> io.BytesIO:
    """Return the boxes of a file with item 1 of 30 x 20 and item 2 of 700 x 500 pixels."""
    version, item, index = (1, 4, 2) if wide else (0, 2, 1)
    essential = 1 << (8 * index - 1)
    described = [
        number(1, item) + bytes([2]) + number(essential | 1, index) + number(2, index),
        number(2, item) + bytes([1]) + number(3, index),
    ]
    properties = box(b"ipco", box(b"hvcC", bytes(9)), size(30, 20), size(700, 500))
    associated = full(b"ipma", version, int(wide), number(2, 4), *described)
    meta = full(
        b"meta",
        0,
        0,
        full(b"hdlr", 0, 0, bytes(20)),
        full(b"pitm", version, 0, number(primary, item)),
        box(b"iprp", properties, associated),
    )
    return io.BytesIO(box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta + box(b"mdat", bytes(50)))


@pytest.mark.parametrize("wide", [False, True])
def test_the_size_is_that_of_the_primary_image(wide: bool) -> None:
    assert image_size(image_file(wide, 1)) == (30, 20)
    assert image_size(image_file(wide, 2)) == (700, 500)


def test_nothing_is_said_where_nothing_is_described() -> None:
    assert image_size(image_file(False, 3)) is None
    assert image_size(io.BytesIO(box(b"ftyp", b"heic\0\0\0\0") + box(b"mdat", bytes(9)))) is None
    assert image_size(io.BytesIO(full(b"meta", 0, 0, full(b"pitm", 0, 0, number(1, 2))))) is None


def test_brands() -> None:
    file = image_file(False, 1).getvalue()
    assert brands(file[:256]) == {b"heic", b"mif1"}
    assert brands(b"\0\0\0\x10ftypavif\0\0\0\0mif1") == {b"avif"}  # behind its end
    assert brands(b"\xff\xd8\xff\xe0") == frozenset()


@pytest.mark.parametrize(("head", "content"), [(b"\0\0\0\x01", number(24, 8)), (b"\0\0\0\0", b"")])
def test_long_boxes_and_one_to_the_end(head: bytes, content: bytes) -> None:
    file = io.BytesIO(head + b"mdat" + content + bytes(8))
    (only,) = boxes(file)
    assert (only.kind, only.end - only.start) == (b"mdat", 8)


def test_a_file_is_whole_when_its_last_box_is() -> None:
    data = image_file(False, 1).getvalue()
    assert is_whole(io.BytesIO(data))
    assert not any(is_whole(io.BytesIO(data[:-cut])) for cut in range(1, 58))
    assert not is_whole(io.BytesIO(b""))


@pytest.mark.parametrize(
    "data",
    [
        number(7, 4) + b"mdat",  # smaller than itself
        number(9, 4) + b"mdat",  # beyond the file
        number(1, 4) + b"mdat" + number(1 << 63, 8),
        number(1, 4) + b"mdat",
        b"\0\0\0",
    ],
)
def test_broken_boxes_are_named(data: bytes) -> None:
    with pytest.raises(Undecodable, match="boxes are broken"):
        list(boxes(io.BytesIO(data)))


def test_altered_boxes_raise_nothing_but_undecodable() -> None:
    data = image_file(False, 1).getvalue()
    for place in range(len(data)):
        for value in (0, 1, 0x7F, 0xFF):
            altered = data[:place] + bytes([value]) + data[place + 1 :]
            try:
                image_size(io.BytesIO(altered))
            except Undecodable:
                continue
