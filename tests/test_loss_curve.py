"""The picture of a training's losses, whatever they are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.lib.embedding.training.trained import Trained
from scripts.lib.embedding.training.trainer import EpochLosses
from scripts.lib.pictures.training.loss_curve import draw_loss_curve, key_numbers
from tests.training import tiny

PLAIN = [EpochLosses(1 / epoch, 0.0, 1.1 / epoch) for epoch in range(1, 21)]
VARIATIONAL = [EpochLosses(1 / epoch, 0.0 if epoch < 4 else 1e-3, 1.1 / epoch) for epoch in range(1, 9)]


def trained(history: list[EpochLosses], **settings: object) -> Trained:
    return Trained(tiny(**settings), {}, history, 200, 0.5, [], [])


def size_of(whole: Trained, target: Path) -> tuple[int, int]:
    draw_loss_curve(whole, target)
    with Image.open(target) as image:
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 10
        return image.size


@pytest.mark.parametrize(
    "history",
    [PLAIN, PLAIN[:1], [EpochLosses(0.0, 0.0, None)], [EpochLosses(40.0, 0.0, 1e9), EpochLosses(1e-9, 0, 0)]],
)
def test_a_picture_of_any_training(history: list[EpochLosses], tmp_path: Path) -> None:
    assert size_of(trained(history), tmp_path / "loss.png")[0] == 1600


def test_a_variational_one_has_a_second_diagram(tmp_path: Path) -> None:
    plain = size_of(trained(PLAIN), tmp_path / "loss.png")
    taller = size_of(trained(VARIATIONAL, variational=True, warmup=3), tmp_path / "loss.png")
    assert taller[1] > plain[1]


def test_the_curve_falls_with_the_loss(tmp_path: Path) -> None:
    draw_loss_curve(
        trained([EpochLosses(each.reconstruction, 0.0, None) for each in PLAIN]), tmp_path / "l.png"
    )
    with Image.open(tmp_path / "l.png") as image:
        pixels = np.asarray(image.convert("RGB"), int)
    red = (np.abs(pixels - [0xC2, 0x50, 0x2E]).sum(2) < 8)[:, 160:1300]  # the colour of the curve
    columns = np.flatnonzero(red.any(0))
    heights = [np.flatnonzero(red[:, column]).mean() for column in columns]
    assert len(columns) > 500
    assert np.corrcoef(columns, heights)[0, 1] > 0.8  # rows count downwards


def test_figures_are_shares_of_the_mean_images_error() -> None:
    numbers = dict(key_numbers(trained(PLAIN))[2:])
    assert list(numbers) == ["10%", "11%"]
    assert len(key_numbers(trained([EpochLosses(0.1, 0.0, None)]))) == 3
