"""The file of a trained network: its weights, how it is built, and how its training went."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.lib.embedding.training.architecture import Autoencoder
from scripts.lib.embedding.training.loader import split
from scripts.lib.embedding.training.pixel_cache import Pixels
from scripts.lib.embedding.training.settings import TrainingSettings
from scripts.lib.embedding.training.trainer import EpochLosses, Trainer
from scripts.lib.errors import InputError
from scripts.lib.files.content_ids import id_bytes

KIND = "seriatim autoencoder"  # says what the file is
EXAMPLES = 24  # images of each kind that are named in the file
SAMPLE = 512  # images of which the mean is taken
USELESS = ". Their mean image loses less: train longer (train_epochs) or slower (train_rate={rate:g})"


@dataclass(frozen=True)
class Trained:
    """What the file holds.

    mean_error : of the mean image, what the errors in `history` are to be compared with
    seen, held_out : hexadecimal content ids of a few images that were trained on, and of a few that were not
    """

    settings: TrainingSettings
    weights: dict[str, torch.Tensor]
    history: list[EpochLosses]
    images: int
    mean_error: float
    seen: list[str]
    held_out: list[str]

    def network(self) -> Autoencoder:
        """Return the network, ready for use on the CPU."""
        network = Autoencoder(self.settings.size, self.settings.latent, self.settings.variational)
        network.load_state_dict(self.weights)
        return network.eval()

    def share(self, error: float) -> float:
        """Return an error as a share of the mean image's, which is the variance of the images."""
        return error / self.mean_error if self.mean_error else 0.0

    def sentence(self) -> str:
        """Say how the training ended, and what to do where the network has learnt nothing."""
        last = self.history[-1]
        others = f", {self.share(last.held_out):.1%} of others" if last.held_out is not None else ""
        left = f"{self.share(last.reconstruction):.1%} of the variance of {self.images:,} images is lost"
        judged = last.reconstruction if last.held_out is None else last.held_out
        advice = USELESS.format(rate=self.settings.rate / 10) if self.share(judged) > 1 else ""
        return f"after {len(self.history)} epochs {left}{others}{advice}"


def trained_by(trainer: Trainer, pixels: Pixels) -> Trained:
    """Return what a training has come to."""
    seed, state = trainer.settings.seed, trainer.network.state_dict()
    rows = split(len(pixels), seed)
    seen, held_out = ([each.hex() for each in id_bytes(pixels.ids[some[:EXAMPLES]])] for some in rows)
    return Trained(
        settings=trainer.settings,
        weights={name: tensor.cpu().contiguous() for name, tensor in state.items()},
        history=trainer.history,
        images=len(rows.trained),
        mean_error=error_of_mean(pixels, seed),
        seen=seen,
        held_out=held_out,
    )


def error_of_mean(pixels: Pixels, seed: int) -> float:
    """Return the mean squared error of the mean image, which a network of any use must beat."""
    rows = np.random.default_rng((seed, 3)).permutation(len(pixels))[:SAMPLE]
    return float(pixels.read(rows).var(axis=0).mean() / 127.5**2)


def write_trained(trained: Trained, temporary: Path) -> None:
    """Write the file; equal networks and histories give equal bytes."""
    fields: dict[str, Any] = vars(trained) | {"settings": asdict(trained.settings)}
    fields["history"] = [list(losses) for losses in trained.history]
    with temporary.open("wb") as stream:  # a path would be written into the file
        torch.save({"kind": KIND} | fields, stream)


def read_trained(path: Path) -> Trained:
    """Read the file, never running code from it.

    Raises
    ------
    InputError
        when it is none of ours.
    """
    try:
        fields = torch.load(path, map_location="cpu", weights_only=True)
        if fields.pop("kind") != KIND:
            raise KeyError
        settings, history = TrainingSettings(**fields.pop("settings")), fields.pop("history")
        trained = Trained(settings, history=[EpochLosses(*losses) for losses in history], **fields)
        trained.network()  # whose weights fit
    except Exception as error:  # torch raises many kinds for files that it can't read
        raise InputError(
            f"weights: {path} is no autoencoder of this program ({type(error).__name__}). Without weights, "
            "one is trained."
        ) from error
    return trained
