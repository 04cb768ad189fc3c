"""A step of the training: gradients are bounded, and the warm-up is that of a plain autoencoder."""

import pytest
import torch
from torch import Tensor

from scripts.lib.embedding.training.architecture import as_input
from scripts.lib.embedding.training.trainer import EpochLosses, Trainer
from tests.training import copied_state, squares_of, tiny


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def images() -> Tensor:
    return as_input(squares_of(8), torch.device("cpu"))


def gradient_norm(trainer: Trainer) -> float:
    gradients = [each.grad for each in trainer.network.parameters() if each.grad is not None]
    return float(torch.cat([each.flatten() for each in gradients]).norm())


def test_gradients_are_scaled_down_to_the_bound(images: Tensor) -> None:
    free, bound = (Trainer(tiny(clip=clip), "cpu") for clip in (0.0, 1e-3))
    for trainer in (free, bound):
        trainer.step(images, None, trainer.generator(0))
    assert gradient_norm(free) > 1e-2
    assert gradient_norm(bound) == pytest.approx(1e-3, rel=1e-3)


def test_penalties_make_weights_smaller(images: Tensor) -> None:
    sizes = []
    for l1, l2 in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        trainer = Trainer(tiny(l1=l1, l2=l2), "cpu")
        for _ in range(20):
            trainer.step(images, None, trainer.generator(0))
        sizes.append(float(trainer.network.encoder.mean.weight.detach().abs().sum()))
    assert max(sizes[1:]) < 0.9 * sizes[0]


def test_in_the_warm_up_a_variational_encoder_has_no_use_for_its_spread(images: Tensor) -> None:
    trainer = Trainer(tiny(variational=True, kl=1.0), "cpu")
    spread = trainer.network.encoder.log_variance
    assert spread is not None
    before = spread.weight.detach().clone()
    losses = trainer.step(images, None, trainer.generator(0))
    assert float(losses.divergence) == 0
    assert torch.equal(spread.weight, before)
    losses = trainer.step(images, 1.0, trainer.generator(0))
    assert float(losses.divergence) > 0
    assert not torch.equal(spread.weight, before)


def test_half_precision_trains_weights_of_full_precision(images: Tensor) -> None:
    """What a GPU does; bfloat16 and a scaled loss are to be had on a CPU, too."""
    trainer = Trainer(tiny(variational=True, kl=1e-3, clip=1.0), "cpu")
    trainer.autocast = torch.autocast("cpu", torch.bfloat16)
    trainer.scaler = torch.amp.GradScaler("cpu")
    errors = [trainer.step(images, 1e-3, trainer.generator(0)).reconstruction for _ in range(40)]
    assert errors[-1] < errors[0] / 2
    assert errors[0].dtype == torch.float32
    assert {each.dtype for each in trainer.network.parameters()} == {torch.float32}


def test_lots_differ_between_epochs_and_seeds() -> None:
    drawn = [
        float(torch.rand(1, generator=Trainer(tiny(seed=seed), "cpu").generator(epoch)))
        for seed, epoch in ((0, 0), (0, 1), (1, 0), (0, 0))
    ]
    assert len(set(drawn)) == 3
    assert drawn[0] == drawn[3]


def test_an_epoch_is_told_in_a_line() -> None:
    trainer = Trainer(tiny(), "cpu")
    trainer.history.append(EpochLosses(0.5, 0.0, None))
    assert trainer.report() == "epoch 1: error 0.5000"
    trainer.history.append(EpochLosses(0.25, 0.125, 0.3))
    assert trainer.report() == "epoch 2: error 0.2500, of images not trained on 0.3000, divergence 0.1250"


def test_a_state_gives_back_network_optimizer_and_history(images: Tensor) -> None:
    first = Trainer(tiny(), "cpu")
    first.step(images, None, first.generator(0))
    first.history.append(EpochLosses(0.5, 0.0, None))
    second = Trainer(tiny(), "cpu")
    second.restore(copied_state(first))
    for trainer in (first, second):
        trainer.step(images, None, trainer.generator(1))
    assert second.history == first.history
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, second.network.state_dict()[name]), name
