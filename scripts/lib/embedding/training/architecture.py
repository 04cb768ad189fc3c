"""The network: strided convolutions down to a code, and transposed ones back to an image.

Each halving of the sides widens the channels until four pixels a side are left, of which a linear layer
makes the code; the way back mirrors it. Kernels are twice as long as the stride, so that no pixel is written
more often than its neighbours, which would show as a checkerboard (Odena et al., 2016, "Deconvolution and
Checkerboard Artifacts"). Nothing is normalised: that takes brightness and contrast away, which an image is to
be known by, and with He's initialisation the network learns faster without. A variational encoder gives a
normal distribution of codes, whose mean is what an image is embedded as.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

BOTTOM = 4  # pixels of a side where the convolutions end
WIDTHS = (32, 64, 128, 256)  # channels after each halving; the last goes on
KERNEL = 4  # twice the stride
FIRST_SPREAD = -4.0  # log variance of all codes before the training
SPREAD = (-20.0, 10.0)  # range of the log variance, so that its exponential stays finite
MEAN = STD = 0.5  # of values between 0 and 1: the network sees -1 to 1


class Codes(NamedTuple):
    """The normal distributions of some images' codes; without a variance each is a point.

    mean : (b, latent) float32
    log_variance : (b, latent) float32, or None
    """

    mean: Tensor
    log_variance: Tensor | None

    def drawn(self, generator: torch.Generator) -> Tensor:
        """Return a code of each distribution, (b, latent)."""
        if self.log_variance is None:
            return self.mean
        noise = torch.randn(self.mean.shape, generator=generator, device=self.mean.device)
        return self.mean + noise * torch.exp(0.5 * self.log_variance)


class Encoder(nn.Module):
    """Images (b, 3, size, size), values from -1 to 1, into codes."""

    def __init__(self, size: int, latent: int, variational: bool) -> None:
        super().__init__()
        widths = (3, *widths_of(size))
        self.down = nn.Sequential(*(_halving(a, b) for a, b in pairwise(widths)))
        flat = widths[-1] * BOTTOM**2
        self.mean = nn.Linear(flat, latent)
        self.log_variance = nn.Linear(flat, latent) if variational else None

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the mean codes, (b, latent)."""
        return self.codes(pixels).mean

    def codes(self, pixels: Tensor) -> Codes:
        """Return the distributions of the codes."""
        features = self.down(pixels).flatten(1)
        if self.log_variance is None:
            return Codes(self.mean(features), None)
        return Codes(self.mean(features), self.log_variance(features).clamp(*SPREAD))


class Decoder(nn.Module):
    """Codes (b, latent) into images (b, 3, size, size), values about -1 to 1."""

    def __init__(self, size: int, latent: int) -> None:
        super().__init__()
        widths = tuple(reversed(widths_of(size)))
        self.spread = nn.Linear(latent, widths[0] * BOTTOM**2)
        self.up = nn.Sequential(
            nn.Unflatten(1, (widths[0], BOTTOM, BOTTOM)),
            *(_doubling(a, b) for a, b in pairwise(widths)),
            nn.ConvTranspose2d(widths[-1], 3, KERNEL, stride=2, padding=1),
        )

    def forward(self, codes: Tensor) -> Tensor:
        """Return the images of codes."""
        images: Tensor = self.up(self.spread(codes))
        return images


class Autoencoder(nn.Module):
    """An encoder and the decoder that undoes it."""

    def __init__(self, size: int, latent: int, variational: bool) -> None:
        super().__init__()
        self.encoder = Encoder(size, latent, variational)
        self.decoder = Decoder(size, latent)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the reconstructions from the mean codes, (b, 3, size, size)."""
        reconstructions: Tensor = self.decoder(self.encoder(pixels))
        return reconstructions


def build(size: int, latent: int, variational: bool, seed: int) -> Autoencoder:
    """Return an untrained network; equal seeds give equal weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Autoencoder(size, latent, variational).apply(_begin)
    if network.encoder.log_variance is not None:  # noise must not drown what the warm-up has learnt
        nn.init.zeros_(network.encoder.log_variance.weight)
        nn.init.constant_(network.encoder.log_variance.bias, FIRST_SPREAD)
    return network


def widths_of(size: int) -> tuple[int, ...]:
    """Return the channels after each halving of a square of `size` pixels, a power of two above 4."""
    halvings = (size // BOTTOM).bit_length() - 1
    return tuple(WIDTHS[min(level, len(WIDTHS) - 1)] for level in range(halvings))


def as_input(squares: np.ndarray, device: torch.device) -> Tensor:
    """Return uint8 squares (b, size, size, 3) as what the network takes."""
    pixels = torch.from_numpy(squares)
    pixels = pixels.pin_memory() if device.type == "cuda" else pixels
    pixels = pixels.to(device, non_blocking=True).permute(0, 3, 1, 2)
    return pixels.float().div_(255).sub_(MEAN).div_(STD)


def as_squares(images: Tensor) -> np.ndarray:
    """Return what the network makes, as uint8 squares (b, size, size, 3)."""
    values = (images.float() * STD + MEAN).clamp(0, 1).mul(255).round()
    squares: np.ndarray = values.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return squares


def _halving(channels: int, wider: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, wider, KERNEL, stride=2, padding=1), nn.SiLU())


def _doubling(channels: int, narrower: int) -> nn.Module:
    return nn.Sequential(nn.ConvTranspose2d(channels, narrower, KERNEL, stride=2, padding=1), nn.SiLU())


def _begin(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.kaiming_normal_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
