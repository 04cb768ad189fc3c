"""The trained autoencoder as a model: codes of images, and images of codes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.embedding.training.architecture import as_input
from scripts.lib.embedding.training.trained import trained_by, write_trained
from scripts.lib.embedding.training.trainer import Trainer
from scripts.lib.errors import InputError
from tests.conftest import picture
from tests.training import SIZE, pixels_of, squares_of, tiny, trained_for

LATENT = 16


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a variational network that has learnt a little."""
    folder = tmp_path_factory.mktemp("autoencoder")
    pixels = pixels_of(folder / "pixels", squares_of(40))
    settings = tiny(variational=True, kl=1e-3, warmup=1)
    trainer = trained_for(Trainer(settings, "cpu"), pixels, 8)
    write_trained(trained_by(trainer, pixels), folder / "autoencoder.pth")
    return folder / "autoencoder.pth"


@pytest.fixture
def card(weights: Path) -> ModelCard:
    return describe("autoencoder", str(weights))


def test_the_card_says_how_images_are_prepared(card: ModelCard) -> None:
    assert (card.name, card.dimension, card.preprocessing["crop_size"]) == ("autoencoder", LATENT, SIZE)


def test_another_training_is_another_fingerprint(card: ModelCard, weights: Path, tmp_path: Path) -> None:
    pixels = pixels_of(tmp_path / "pixels", squares_of(4))
    write_trained(trained_by(trained_for(Trainer(tiny(), "cpu"), pixels, 1), pixels), tmp_path / "w.pth")
    assert describe("autoencoder", str(tmp_path / "w.pth")).fingerprint != card.fingerprint
    (tmp_path / "moved.pth").write_bytes(weights.read_bytes())
    assert describe("autoencoder", str(tmp_path / "moved.pth")).fingerprint == card.fingerprint


def test_an_image_is_embedded_as_its_mean_code(card: ModelCard, weights: Path) -> None:
    from scripts.lib.embedding.training.trained import read_trained

    squares = squares_of(5)
    features = open_model(card, "cpu", threads=1).features(squares)
    images = as_input(squares, torch.device("cpu"))
    with torch.inference_mode():
        expected = read_trained(weights).network().encoder.codes(images).mean
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
    assert features.dtype == np.float32


def test_codes_are_decoded_to_images_that_resemble_theirs(card: ModelCard) -> None:
    model, squares = open_model(card, "cpu", threads=1), squares_of(30)
    decoded = model.decode(model.features(squares).astype(np.float16))
    assert (decoded.shape, decoded.dtype) == (squares.shape, np.uint8)
    apart = np.square(decoded[:, None].astype(float) - squares[None]).mean((2, 3, 4))  # (30, 30)
    assert (apart.argmin(1) == np.arange(30)).mean() > 0.5  # by chance 1 in 30


@pytest.mark.parametrize(("multicrop", "views"), [(False, 1), (True, 3)])
def test_elongated_images_have_several_views(card: ModelCard, multicrop: bool, views: int) -> None:
    chosen = replace(card, preprocessing=card.preprocessing | {"multicrop": multicrop})
    model = open_model(chosen, "cpu", threads=1)
    prepared = model.prepare()(picture(0, (96, 32)))
    assert prepared.shape == (views, SIZE, SIZE, 3)
    assert model.features(np.concatenate([prepared])).shape == (views, LATENT)


def test_without_a_training_there_is_nothing_to_describe() -> None:
    with pytest.raises(InputError, match="before the stage train has run"):
        describe("autoencoder", None)
