"""Stage `train`: epoch after epoch, until there are as many as are asked for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)
from torch.nn.utils import get_total_norm

from scripts.lib.embedding.training.architecture import as_input
from scripts.lib.embedding.training.augment import varied
from scripts.lib.embedding.training.loader import Split, batches, epoch_rows, split
from scripts.lib.embedding.training.loss import Losses
from scripts.lib.embedding.training.pixel_cache import Pixels
from scripts.lib.embedding.training.trainer import EpochLosses, Trainer
from scripts.lib.errors import InputError

LOOK = 10  # steps between two looks at the loss, each of which waits for the GPU


@dataclass(frozen=True)
class Watch:
    """Who is told what.

    images : how many more were shown, and the loss
    epoch : after each epoch, to write a checkpoint
    """

    images: Callable[[int, str], object]
    epoch: Callable[[], object]


def train(trainer: Trainer, pixels: Pixels, epochs: int, watch: Watch) -> None:
    """Train until the network has seen so many epochs in all.

    On a CPU the result is the same to the bit however often it was interrupted, for one number of threads.

    Raises
    ------
    InputError
        when the loss is no number any more, with what to do.
    """
    rows = split(len(pixels), trainer.settings.seed)
    for epoch in range(len(trainer.history), epochs):
        shown = _one_epoch(trainer, pixels, rows, epoch, watch)
        held_out = error_on(trainer, pixels, rows.held_out) if len(rows.held_out) else None
        trainer.history.append(EpochLosses(*shown, held_out))
        watch.epoch()


def _one_epoch(
    trainer: Trainer, pixels: Pixels, rows: Split, epoch: int, watch: Watch
) -> tuple[float, float]:
    """Show the images of an epoch; return the mean reconstruction error and divergence."""
    settings, generator = trainer.settings, trainer.generator(epoch)
    weight = settings.divergence_weight(epoch)
    wanted = epoch_rows(rows.trained, epoch, settings.per_epoch, settings.seed)
    lots = np.random.default_rng((settings.seed, 4, epoch))
    sums = torch.zeros(2, dtype=torch.float64, device=trainer.device)
    trainer.network.train()
    for step, squares in enumerate(batches(pixels, wanted, settings.batch)):
        losses = trainer.step(as_input(varied(squares, lots), trainer.device), weight, generator)
        sums += len(squares) * torch.stack(losses)
        note = _look(losses, trainer, epoch) if step % LOOK == 0 else ""
        watch.images(len(squares), note)
    _finite(get_total_norm(trainer.network.parameters()), trainer, epoch)  # the last step's work
    reconstruction, divergence = _finite(sums / len(wanted), trainer, epoch).tolist()
    return reconstruction, divergence


def _look(losses: Losses, trainer: Trainer, epoch: int) -> str:
    return f"epoch {epoch + 1}, error {float(_finite(losses.reconstruction, trainer, epoch)):.4f}"


def _finite(losses: torch.Tensor, trainer: Trainer, epoch: int) -> torch.Tensor:
    """Return losses that are numbers; otherwise end the training before it spoils the last checkpoint."""
    if torch.isfinite(losses).all():
        return losses
    settings = trainer.settings
    clip = "" if settings.clip else " Or bound the gradients, which are not: train_clip=1."
    raise InputError(
        f"train_rate: at {settings.rate:g} the loss is no number any more in epoch {epoch + 1}. "
        f"Lower the learning rate: train_rate={settings.rate / 10:g}.{clip}"
    )


@torch.inference_mode()
def error_on(trainer: Trainer, pixels: Pixels, rows: np.ndarray) -> float:
    """Return the mean squared error of the reconstructions of rows, from the mean codes."""
    trainer.network.eval()
    total = torch.zeros((), dtype=torch.float64, device=trainer.device)
    for squares in batches(pixels, rows, trainer.settings.batch):
        images = as_input(squares, trainer.device)
        with trainer.autocast:
            output = trainer.network(images)
        total += len(squares) * F.mse_loss(output.float(), images)
    return float(total) / len(rows)
