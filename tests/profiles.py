"""ICC profiles written by hand (ICC.1), with what they must give, computed another way."""

import struct

import numpy as np

D50 = (0.9642, 1.0, 0.8249)
# Columns: what red, green and blue light are in XYZ under D50.
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7142]])
DISPLAY_P3 = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
ADOBE = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])


def rgb_profile(primaries: np.ndarray, gamma: float = 2.2, name: str = "test") -> bytes:
    """Write a profile of a display with these primaries (3, 3) and a power curve."""
    columns = {kind: _xyz(primaries[:, i]) for i, kind in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    curves = {kind: _curve(gamma) for kind in (b"rTRC", b"gTRC", b"bTRC")}
    return _profile(b"RGB ", b"XYZ ", columns | curves, name)


def grey_profile(gamma: float) -> bytes:
    """Write a profile of grey with a power curve."""
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def cmyk_profile(corners: dict[tuple[int, int, int, int], tuple[int, int, int]]) -> bytes:
    """Write a profile of four inks that gives Lab for each combination of none and all of an ink.

    corners : (c, m, y, k), each 0 or 1, to (L, a, b); those not named are black
    """
    identity = bytes(range(256))
    grid = b""
    for index in range(16):
        inks = tuple(index >> shift & 1 for shift in (3, 2, 1, 0))
        lightness, a, b = corners.get(inks, (0, 0, 0))
        grid += bytes([round(lightness * 2.55), a + 128, b + 128])
    matrix = struct.pack(">9i", *(65536 * number for number in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + identity * 4 + grid + identity * 3
    return _profile(b"CMYK", b"Lab ", {b"A2B0": table}, device=b"prtr")


def seen_as(colours: np.ndarray, primaries: np.ndarray, gamma: float = 2.2) -> np.ndarray:
    """Return the sRGB levels (n, 3) of colours (n, 3) uint8 of such a display."""
    xyz = (np.asarray(colours) / 255) ** gamma @ primaries.T
    return srgb_of(xyz)


def lab_seen_as(lightness: float, a: float, b: float) -> np.ndarray:
    """Return the sRGB levels (3,) of a colour in Lab."""
    y = (lightness + 16) / 116
    roots = np.array([y + a / 500, y, y - b / 200])
    xyz = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29)) * D50
    return srgb_of(xyz)


def srgb_of(xyz: np.ndarray) -> np.ndarray:
    """Return the sRGB levels of XYZ (..., 3) under D50."""
    light = np.clip(xyz @ np.linalg.inv(SRGB).T, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _profile(
    space: bytes, connection: bytes, tags: dict[bytes, bytes], name: str = "test", device: bytes = b"mntr"
) -> bytes:
    described = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name.encode() + bytes(1 + 78)
    tags = {b"desc": described, b"wtpt": _xyz(D50), b"cprt": b"text" + bytes(4) + b"none\0", **tags}
    table, data = struct.pack(">I", len(tags)), b""
    for kind, content in tags.items():
        table += kind + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    size = 128 + len(table) + len(data)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, device, space, connection)
    date = struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
    return (head + date + b"acsp" + bytes(28) + _fixed(D50) + bytes(48)) + table + data


def _xyz(values: object) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _fixed(values: object) -> bytes:
    return struct.pack(">3i", *(round(65536 * float(value)) for value in values))


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma))
