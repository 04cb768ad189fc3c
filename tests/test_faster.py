"""The faster network has the same features as the one it is made of."""

import copy

import pytest
import torch
from torch import nn

from scripts.lib.embedding.models.classifiers import cut_network
from scripts.lib.embedding.models.faster import faster


def with_statistics(network: nn.Module) -> nn.Module:
    """Give batch norms statistics and weights that matter."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -1, 1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
    return network.eval()


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "resnet18", "squeezenet1_1"])
def test_features_are_the_same(name: str) -> None:
    torch.manual_seed(0)
    network = with_statistics(cut_network(name)[0])
    pixels = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected = network(pixels).flatten(1)
        found = faster(copy.deepcopy(network))(pixels).flatten(1)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


def test_batch_norms_are_folded_where_a_sequence_says_what_they_follow() -> None:
    torch.manual_seed(0)
    folded = faster(with_statistics(cut_network("mobilenet_v3_small")[0]))
    assert norms(folded) == 0
    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4))
    assert norms(faster(other)) == 1
    batchwise = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False))
    assert norms(faster(batchwise)) == 1
