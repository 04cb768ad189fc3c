"""The loss: divergences that torch knows in another way, and penalties counted by hand."""

import pytest
import torch
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

from scripts.lib.embedding.training.architecture import Codes
from scripts.lib.embedding.training.loss import divergence_from_normal, losses_of, penalty
from tests.training import tiny


def test_the_standard_normal_does_not_diverge_from_itself() -> None:
    assert torch.equal(divergence_from_normal(torch.zeros(3, 4), torch.zeros(3, 4)), torch.zeros(3))


def test_divergences_are_those_of_the_distributions() -> None:
    torch.manual_seed(0)
    mean, log_variance = torch.randn(6, 5), 2 * torch.randn(6, 5)
    codes = Independent(Normal(mean, (0.5 * log_variance).exp()), 1)
    standard = Independent(Normal(torch.zeros(6, 5), torch.ones(6, 5)), 1)
    torch.testing.assert_close(divergence_from_normal(mean, log_variance), kl_divergence(codes, standard))


def test_losses_are_means_over_all_values() -> None:
    pixels, output = torch.zeros(2, 3, 4, 4), torch.full((2, 3, 4, 4), 0.5)
    codes = Codes(torch.tensor([[2.0], [0.0]]), torch.zeros(2, 1))
    losses = losses_of(pixels, output, codes, variational=True)
    assert float(losses.reconstruction) == 0.25
    assert float(losses.divergence) == pytest.approx((2**2 / 2 + 0) / 2 / 48)


def test_in_the_warm_up_nothing_but_the_reconstruction_counts() -> None:
    codes = Codes(torch.ones(2, 1), torch.ones(2, 1))
    losses = losses_of(torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4), codes, variational=False)
    assert (float(losses.reconstruction), float(losses.divergence)) == (1, 0)


def test_penalties_are_on_weights_and_not_on_biases() -> None:
    network = nn.Linear(2, 1)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[3.0, -4.0]]))
        network.bias.fill_(100)
    assert penalty(network, tiny()) == 0
    assert _cost(network, l1=0.5) == 3.5
    assert _cost(network, l2=0.5) == 12.5
    assert _cost(network, l1=1.0, l2=1.0) == 32


def _cost(network: nn.Module, **settings: float) -> float:
    cost = penalty(network, tiny(**settings))
    assert isinstance(cost, torch.Tensor)
    return float(cost.detach())
