"""What a training makes small: the error of the reconstruction, and what is added to it.

The error is the mean over all values of an image. The divergence is divided by their number, too, so that
its weight means the same for every size: with a weight w the sum is the bound on the likelihood of Kingma and
Welling ("Auto-Encoding Variational Bayes", 2014) for a decoder that is off by sqrt(w / 2). The weight itself:
Higgins et al., "beta-VAE", 2017.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)
from torch import Tensor, nn

from scripts.lib.embedding.training.architecture import Codes
from scripts.lib.embedding.training.settings import TrainingSettings


class Losses(NamedTuple):
    """The parts of the loss of a batch, each a scalar.

    reconstruction : mean squared error, of values between -1 and 1
    divergence : per value of an image; 0 where it does not count
    """

    reconstruction: Tensor
    divergence: Tensor


def losses_of(pixels: Tensor, output: Tensor, codes: Codes, variational: bool) -> Losses:
    """Return the losses of a batch: pixels and output (b, 3, size, size)."""
    reconstruction = F.mse_loss(output.float(), pixels)
    if not variational or codes.log_variance is None:
        return Losses(reconstruction, torch.zeros_like(reconstruction))
    divergence = divergence_from_normal(codes.mean.float(), codes.log_variance.float())
    return Losses(reconstruction, divergence.mean() / pixels[0].numel())


def divergence_from_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence of each distribution from the standard normal one, (b,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def penalty(network: nn.Module, settings: TrainingSettings) -> Tensor | float:
    """Return what the sizes of the weights cost; biases and the scales of normalisation are free."""
    cost: Tensor | float = 0.0
    for weights in (each for each in network.parameters() if each.ndim > 1):
        if settings.l1:
            cost = cost + settings.l1 * weights.abs().sum()
        if settings.l2:
            cost = cost + settings.l2 * weights.square().sum()
    return cost
