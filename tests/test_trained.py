"""The file of a trained network gives it back, and tells what is none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scripts.lib.embedding.training.architecture import as_input
from scripts.lib.embedding.training.loader import split
from scripts.lib.embedding.training.pixel_cache import Pixels
from scripts.lib.embedding.training.trained import (
    Trained,
    error_of_mean,
    read_trained,
    trained_by,
    write_trained,
)
from scripts.lib.embedding.training.trainer import Trainer
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import id_bytes
from tests.training import pixels_of, squares_of, tiny, trained_for


@pytest.fixture
def pixels(tmp_path: Path) -> Pixels:
    return pixels_of(tmp_path / "pixels", squares_of(40))


@pytest.fixture
def trainer(pixels: Pixels) -> Trainer:
    return trained_for(Trainer(tiny(), "cpu"), pixels, 1)


def test_the_file_gives_back_network_settings_and_history(
    trainer: Trainer, pixels: Pixels, tmp_path: Path
) -> None:
    write_trained(trained_by(trainer, pixels), tmp_path / "n.pth")
    found = read_trained(tmp_path / "n.pth")
    assert (found.settings, found.history, found.images) == (trainer.settings, trainer.history, 38)
    images = as_input(squares_of(3), torch.device("cpu"))
    torch.testing.assert_close(found.network()(images), trainer.network.eval()(images))


def test_equal_networks_make_equal_files(trainer: Trainer, pixels: Pixels, tmp_path: Path) -> None:
    trained = trained_by(trainer, pixels)
    for name in ("a.pth", "longer name.tmp"):
        write_trained(trained, tmp_path / name)
    assert (tmp_path / "a.pth").read_bytes() == (tmp_path / "longer name.tmp").read_bytes()


def test_examples_are_named_by_their_contents(trainer: Trainer, pixels: Pixels) -> None:
    trained, rows = trained_by(trainer, pixels), split(40, 0)
    assert trained.held_out == [each.hex() for each in id_bytes(pixels.ids[rows.held_out])]
    assert trained.seen == [each.hex() for each in id_bytes(pixels.ids[rows.trained[:24]])]


def test_the_error_of_the_mean_image_is_the_variance(pixels: Pixels) -> None:
    images = as_input(squares_of(40), torch.device("cpu"))
    expected = float((images - images.mean(0)).square().mean())
    assert error_of_mean(pixels, seed=0) == pytest.approx(expected, rel=1e-5)


def test_errors_are_told_as_shares_of_the_variance(trainer: Trainer, pixels: Pixels) -> None:
    trained = trained_by(trainer, pixels)
    assert trained.share(trained.mean_error) == 1
    assert f"{trained.share(trained.history[-1].reconstruction):.1%} of the variance" in trained.sentence()


@pytest.mark.parametrize(("held_out", "useless"), [(0.9, False), (1.1, True), (1e30, True)])
def test_a_network_that_is_worse_than_the_mean_image_comes_with_advice(
    trainer: Trainer, pixels: Pixels, held_out: float, useless: bool
) -> None:
    trained = trained_by(trainer, pixels)
    last = trained.history[-1]._replace(held_out=held_out * trained.mean_error)
    advice = f"train_rate={trained.settings.rate / 10:g}"
    assert (advice in replace(trained, history=[last]).sentence()) == useless


def test_one_image_has_no_variance(tmp_path: Path) -> None:
    pixels = pixels_of(tmp_path / "one", np.repeat(squares_of(1), 3, axis=0))
    trained = trained_by(trained_for(Trainer(tiny(), "cpu"), pixels, 1), pixels)
    assert isinstance(trained, Trained)
    assert trained.share(0.5) == 0


@pytest.mark.parametrize("content", [b"", {"w": torch.zeros(1)}, {"kind": "another"}, {"kind": None}])
def test_another_file_is_refused(content: object, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(content, path) if isinstance(content, dict) else path.write_bytes(b"")
    with pytest.raises(InputError, match=r"w\.pth is no autoencoder of this program"):
        read_trained(path)
