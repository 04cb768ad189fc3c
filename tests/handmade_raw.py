"""Camera raw files written by hand: DNGs of one strip of sensor data, with or without a preview."""

import io
import struct
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

SHORT, LONG = 3, 4
LETTERS = {1: "B", 3: "H", 4: "I", 5: "I", 10: "i"}  # bytes, shorts, longs, fractions, signed fractions
Values = int | Sequence[int] | bytes
FROM_XYZ = (3, -1, 0, -1, 2, 0, 0, 0, 1)  # some camera's colours


def mosaic(image: Image.Image) -> np.ndarray:
    """Return what a sensor with a Bayer pattern sees of an image: (height, width) uint16, linear light."""
    light = (np.asarray(image, np.float64) / 255) ** 2.2 * 60_000
    seen = light[..., 1].copy()
    seen[0::2, 0::2], seen[1::2, 1::2] = light[0::2, 0::2, 0], light[1::2, 1::2, 2]
    return seen.astype("<u2")


def dng(
    sensor: np.ndarray, orientation: int = 1, preview: bytes = b"", directory_first: bool = False
) -> bytes:
    """Write a DNG.

    sensor : (height, width) uint16, see `mosaic`
    preview : a JPEG, which then lies in the first directory, as cameras write it
    directory_first : without a preview, put the directory before the pixels
    """
    pixels = sensor.astype("<u2").tobytes()
    raw, camera = _sensor_tags(sensor.shape, len(pixels)), _camera_tags(orientation)
    if directory_first:
        length = len(directory(raw | camera, 8))
        return (
            b"II*\0" + struct.pack("<I", 8) + directory(raw | camera | {273: (LONG, 8 + length)}, 8) + pixels
        )
    behind = 8 + len(pixels)
    if not preview:
        return b"II*\0" + struct.pack("<I", behind) + pixels + directory(raw | camera, behind)
    sub = directory(raw, behind)
    preview_at = behind + len(sub)
    preview += bytes(len(preview) % 2)
    first = directory(
        camera | _preview_tags(preview, preview_at) | {330: (LONG, behind)}, preview_at + len(preview)
    )
    return b"II*\0" + struct.pack("<I", preview_at + len(preview)) + pixels + sub + preview + first


def directory(tags: Mapping[int, tuple[int, Values]], at: int) -> bytes:
    """Write a TIFF directory that will lie `at` bytes from the start, followed by its longer values."""
    entries, longer = b"", b""
    behind = at + 2 + 12 * len(tags) + 4
    for tag in sorted(tags):
        kind, values = tags[tag]
        data = _packed(kind, values)
        count = len(data) // {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 10: 8}[kind]
        if len(data) > 4:
            field = struct.pack("<I", behind + len(longer))
            longer += data + bytes(len(data) % 2)
        else:
            field = data.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, count) + field
    return struct.pack("<H", len(tags)) + entries + bytes(4) + longer


def _packed(kind: int, values: Values) -> bytes:
    if isinstance(values, bytes):
        return values
    values = [values] if isinstance(values, int) else list(values)
    return struct.pack(f"<{len(values)}{LETTERS[kind]}", *values)


def _sensor_tags(shape: tuple[int, ...], length: int) -> dict[int, tuple[int, Values]]:
    height, width = shape
    return {
        254: (LONG, 0),
        256: (LONG, width),
        257: (LONG, height),
        258: (SHORT, 16),
        259: (SHORT, 1),
        262: (SHORT, 32803),  # a colour filter array
        273: (LONG, 8),
        277: (SHORT, 1),
        278: (LONG, height),
        279: (LONG, length),
        33421: (SHORT, [2, 2]),
        33422: (1, [0, 1, 1, 2]),  # red, green; green, blue
        50717: (LONG, 65_535),
    }


def _camera_tags(orientation: int) -> dict[int, tuple[int, Values]]:
    fractions = [number for value in FROM_XYZ for number in (value, 2)]
    return {
        271: (2, b"Maker\0"),
        272: (2, b"Model\0"),
        274: (SHORT, orientation),
        50706: (1, [1, 4, 0, 0]),  # the version of DNG
        50708: (2, b"Maker Model\0"),
        50721: (10, fractions),
        50728: (5, [1] * 6),  # neutral
        50778: (SHORT, 21),  # daylight
    }


def _preview_tags(preview: bytes, at: int) -> dict[int, tuple[int, Values]]:
    width, height = Image.open(io.BytesIO(preview)).size
    return {
        254: (LONG, 1),
        256: (LONG, width),
        257: (LONG, height),
        258: (SHORT, [8, 8, 8]),
        259: (SHORT, 7),
        262: (SHORT, 6),
        273: (LONG, at),
        277: (SHORT, 3),
        278: (LONG, height),
        279: (LONG, len(preview)),
    }
