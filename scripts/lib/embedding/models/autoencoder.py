"""The autoencoder that `train` makes: an image is embedded as its mean code, which can be decoded again."""

import numpy as np
import torch

from scripts.lib import versions
from scripts.lib.artifacts.record import checksum
from scripts.lib.embedding.models.card import ModelCard, unchanged_weights
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.training.architecture import MEAN, STD, Autoencoder, as_squares
from scripts.lib.embedding.training.pixel_cache import INTERPOLATION
from scripts.lib.embedding.training.trained import read_trained
from scripts.lib.embedding.weights import local_file
from scripts.lib.errors import InputError


class AutoencoderModel(NetworkModel):
    """A trained autoencoder: codes of images, and images of codes."""

    def __init__(self, card: ModelCard, network: Autoencoder, device: str, threads: int) -> None:
        super().__init__(card, network.encoder, device, threads)
        self.decoder = network.decoder.to(self.device)

    @torch.inference_mode()
    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Return the images of codes (b, dimension) of any float type: (b, size, size, 3) uint8."""
        codes = torch.from_numpy(np.asarray(latents, np.float32)).to(self.device)
        return as_squares(self.decoder(codes))


def describe(name: str, weights: str | None) -> ModelCard:
    """Return the card of a trained autoencoder.

    Raises
    ------
    InputError
        when there is no such file, or it holds something else.
    """
    if not weights:
        raise InputError("weights: the autoencoder has none before the stage train has run.")
    path = local_file(weights)
    settings = read_trained(path).settings
    return ModelCard(
        name=name,
        dimension=settings.latent,
        dtype="float16",
        version=versions.NETWORK,
        weights=str(path.absolute()),
        weights_blake3=checksum(path),
        weights_source=weights,
        preprocessing={
            "resize_size": settings.size,
            "crop_size": settings.size,
            "interpolation": INTERPOLATION.name,
            "mean": [MEAN] * 3,
            "std": [STD] * 3,
        },
    )


def open_model(card: ModelCard, device: str, threads: int) -> AutoencoderModel:
    """Load the network that a card describes."""
    return AutoencoderModel(card, read_trained(unchanged_weights(card)).network(), device, threads)
