"""What the tests of the training share: tiny settings, and small squares made on the spot."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.lib.embedding.store import Store
from scripts.lib.embedding.training.pixel_cache import Pixels
from scripts.lib.embedding.training.settings import TrainingSettings
from scripts.lib.embedding.training.train import Watch, train
from scripts.lib.embedding.training.trainer import Trainer
from scripts.lib.files.content_ids import ID_DTYPE
from tests.conftest import picture

SIZE = 16


def tiny(**given: Any) -> TrainingSettings:
    """Return settings of a training that takes a moment, with some of them as given."""
    usual = {
        "latent": 16,
        "size": SIZE,
        "rate": 3e-3,
        "batch": 16,
        "images": 1000,
        "per_epoch": 160,
        "seed": 0,
    }
    return TrainingSettings(**(usual | given))


def squares_of(count: int, size: int = SIZE) -> np.ndarray:
    """Return distinct smooth squares, (count, size, size, 3) uint8."""
    return np.stack([np.asarray(picture(seed, (size, size))) for seed in range(count)])


def pixels_of(folder: Path, squares: np.ndarray) -> Pixels:
    """Return squares as a training reads them, from two parts."""
    store = Store(folder, "squares", squares[0].size, "uint8")
    ids = np.array([b"%032d" % row for row in range(len(squares))], ID_DTYPE)
    for half in np.array_split(np.arange(len(squares)), 2):
        store.append(ids[half], squares[half].reshape(len(half), squares[0].size))
    return Pixels(store.places(), store)


def trained_for(trainer: Trainer, pixels: Pixels, epochs: int) -> Trainer:
    """Train up to a number of epochs, telling nobody, on one thread: tests run side by side."""
    torch.set_num_threads(1)
    train(trainer, pixels, epochs, Watch(lambda count, note: None, lambda: None))
    return trainer


def copied_state(trainer: Trainer) -> dict[str, Any]:
    """Return a trainer's state as it is now, by way of bytes as in a checkpoint."""
    stream = io.BytesIO()
    torch.save(trainer.state(), stream)
    state: dict[str, Any] = torch.load(io.BytesIO(stream.getvalue()), weights_only=True)
    return state
