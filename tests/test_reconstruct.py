"""The sheet has each image at its place, above what was made of it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.lib.pictures.page import DPI, MARGIN
from scripts.lib.pictures.training import reconstruct
from scripts.lib.pictures.training.reconstruct import COLUMNS, GAP, HEAD, ROW_GAP, Group, draw_reconstructions

SIDE = reconstruct._side()
TOP = 0.75 + HEAD


def plain(levels: list[int], channel: int) -> np.ndarray:
    """Return squares of one colour each, (n, 16, 16, 3) uint8."""
    squares = np.zeros((len(levels), 16, 16, 3), np.uint8)
    squares[..., channel] = np.array(levels)[:, None, None]
    return squares


def drawn(groups: list[Group], target: Path) -> np.ndarray:
    draw_reconstructions(groups, target)
    with Image.open(target) as image:
        return np.asarray(image.convert("RGB"))


def middle(sheet: np.ndarray, row: int, column: int, below: int) -> list[int]:
    """Return the colour in the middle of a tile."""
    top = TOP + row * (2 * SIDE + ROW_GAP) + below * SIDE
    left = MARGIN + column * (SIDE + GAP)
    return sheet[round((top + SIDE / 2) * DPI), round((left + SIDE / 2) * DPI)].tolist()


def test_each_image_stands_above_its_reconstruction(tmp_path: Path) -> None:
    levels = [100 + place for place in range(COLUMNS + 2)]
    sheet = drawn([Group("some", plain(levels, 0), plain(levels, 2))], tmp_path / "sheet.png")
    assert sheet.shape[1] == 1600
    for place, level in enumerate(levels):
        row, column = divmod(place, COLUMNS)
        assert middle(sheet, row, column, 0) == [level, 0, 0]
        assert middle(sheet, row, column, 1) == [0, 0, level]


@pytest.mark.parametrize("counts", [[], [0], [1], [24, 10]])
def test_there_is_a_sheet_of_any_number(counts: list[int], tmp_path: Path) -> None:
    groups = [Group("kind", plain([200] * count, 1), plain([100] * count, 1)) for count in counts]
    assert drawn(groups, tmp_path / "sheet.png").shape[1] == 1600


def test_equal_images_give_equal_bytes(tmp_path: Path) -> None:
    groups = [Group("some", plain([9, 90], 0), plain([8, 80], 0))]
    for name in ("a.png", "b.png"):
        draw_reconstructions(groups, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
