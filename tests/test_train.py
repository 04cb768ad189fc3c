"""The training: it learns, goes on where it was interrupted, and its network is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch

from scripts.lib.embedding.training.loader import split
from scripts.lib.embedding.training.pixel_cache import Pixels
from scripts.lib.embedding.training.train import Watch, error_on, train
from scripts.lib.embedding.training.trained import error_of_mean
from scripts.lib.embedding.training.trainer import Trainer
from scripts.lib.errors import InputError
from tests.conftest import Workflow, wait_until, write_pictures
from tests.training import copied_state, pixels_of, squares_of, tiny, trained_for


@pytest.fixture
def pixels(tmp_path: Path) -> Pixels:
    return pixels_of(tmp_path / "pixels", squares_of(60))


def same_weights(first: Trainer, second: Trainer) -> bool:
    states = (first.network.state_dict(), second.network.state_dict())
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_loss_falls_and_beats_the_mean_image(pixels: Pixels) -> None:
    trainer = trained_for(Trainer(tiny(), "cpu"), pixels, 8)
    errors = [each.reconstruction for each in trainer.history]
    assert errors[-1] < errors[0] / 3
    held_out = trainer.history[-1].held_out
    assert held_out is not None
    assert held_out < error_of_mean(pixels, 0) / 3
    assert held_out == pytest.approx(error_on(trainer, pixels, split(60, 0).held_out))


def test_a_variational_one_learns_too_and_has_no_divergence_while_it_warms_up(pixels: Pixels) -> None:
    settings = tiny(variational=True, kl=1e-2, warmup=2)
    history = trained_for(Trainer(settings, "cpu"), pixels, 8).history
    assert [each.divergence > 0 for each in history] == [False] * 2 + [True] * 6
    assert history[-1].reconstruction < history[0].reconstruction / 2


def test_the_divergence_counts(pixels: Pixels) -> None:
    weak, strong = (
        trained_for(Trainer(tiny(variational=True, kl=kl), "cpu"), pixels, 4).history[-1]
        for kl in (1e-4, 10.0)
    )
    assert strong.divergence < weak.divergence / 2
    assert strong.reconstruction > weak.reconstruction


@pytest.mark.parametrize("variational", [False, True])
def test_one_that_was_interrupted_ends_as_it_would_have(pixels: Pixels, variational: bool) -> None:
    settings = tiny(variational=variational, kl=1e-2, warmup=1)
    undisturbed = trained_for(Trainer(settings, "cpu"), pixels, 3)
    states: list[dict[str, object]] = []
    killed = Trainer(settings, "cpu")

    def interrupt(count: int, note: str) -> None:
        if len(states) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(killed, pixels, 3, Watch(interrupt, lambda: states.append(copied_state(killed))))
    resumed = Trainer(settings, "cpu")
    resumed.restore(states[-1])
    assert len(resumed.history) == 2
    trained_for(resumed, pixels, 3)
    assert same_weights(resumed, undisturbed)
    assert resumed.history == undisturbed.history
    assert not same_weights(killed, undisturbed)


def test_more_epochs_go_on_and_fewer_change_nothing(pixels: Pixels) -> None:
    straight = trained_for(Trainer(tiny(), "cpu"), pixels, 3)
    in_two = trained_for(trained_for(Trainer(tiny(), "cpu"), pixels, 1), pixels, 3)
    assert same_weights(straight, in_two)
    trained_for(in_two, pixels, 2)
    assert same_weights(straight, in_two)
    assert len(in_two.history) == 3


def test_a_loss_that_is_no_number_stops_with_advice(pixels: Pixels) -> None:
    trainer = Trainer(tiny(rate=1e18), "cpu")
    written: list[int] = []
    with pytest.raises(InputError, match=r"at 1e\+18 .* epoch 1\..*train_rate=1e\+17.*train_clip=1"):
        train(trainer, pixels, 2, Watch(lambda count, note: None, lambda: written.append(1)))
    assert not written


def test_progress_tells_the_loss(pixels: Pixels) -> None:
    told: list[tuple[int, str]] = []
    train(Trainer(tiny(), "cpu"), pixels, 2, Watch(lambda *what: told.append(what), lambda: None))
    assert sum(count for count, _ in told) == 2 * tiny().per_epoch
    notes = [note for _, note in told if note]
    assert notes[0].startswith("epoch 1, error 0.")
    assert notes[-1].startswith("epoch 2, error 0.")


@pytest.mark.parametrize("count", [1, 2])
def test_one_image_is_enough(tmp_path: Path, count: int) -> None:
    trainer = trained_for(Trainer(tiny(), "cpu"), pixels_of(tmp_path / "few", squares_of(count)), 2)
    assert trainer.history[-1].reconstruction < trainer.history[0].reconstruction
    assert trainer.history[-1].held_out is None


TINY = {
    "model": "autoencoder",
    "copy_mode": "none",
    "train_size": 16,
    "train_latent": 8,
    "train_batch": 8,
    "train_per_epoch": 32,
    "train_epochs": 40,
}


def kill_in_training(workflow: Workflow) -> None:
    """Start a training, and kill its process group once an epoch has ended."""
    checkpoint = workflow.model / "training" / "checkpoint.pt"
    with workflow.killing("train", cores=1):
        wait_until(checkpoint.exists, "an epoch has ended")


def test_the_network_outlives_a_kill_and_is_kept_until_another_is_asked_for(workflow: Workflow) -> None:
    write_pictures(workflow.images, 16)
    (workflow.images / "broken.jpg").write_bytes(b"\xff\xd8\xff no image")
    workflow.config |= TINY
    network, log = workflow.model / "autoencoder.pth", workflow.model / "logs" / "train.log"
    kill_in_training(workflow)
    assert not network.exists()
    jobs = workflow.jobs(cores=1)
    assert {jobs[stage] for stage in ("train", "reconstruct", "weights", "embed", "quality")} == {1}
    assert "goes on after epoch" in log.read_text()
    assert len(workflow.order()) == 16
    assert np.load(workflow.model / "vectors.npy").shape == (16, 8)
    assert workflow.jobs(cores=1) == {}

    resumed = network.read_bytes()
    assert workflow.jobs("train", "--forcerun", "train", cores=1) == {"train": 1}
    assert "goes on after epoch" not in log.read_text()
    assert network.read_bytes() == resumed  # the same images, without a kill

    write_pictures(workflow.images, 1, first=50)
    (workflow.model / "loss.png").unlink()
    jobs = workflow.jobs("train", "embeddings", "reconstruct", cores=1)
    assert "train" not in jobs
    assert (jobs["scan"], jobs["embed"], jobs["reconstruct"]) == (1, 1, 1)
    assert network.read_bytes() == resumed
    assert workflow.embedded() == 16 + 1
