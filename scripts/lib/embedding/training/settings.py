"""What decides what a training makes of a network, besides its length and the images."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from scripts.lib import versions


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of a training; each is the configuration's key `train_...` of that name, and `seed`."""

    latent: int  # dimensions of the code that an image is reduced to
    size: int  # pixels of a side of the squares that are looked at
    rate: float  # of learning, Adam's
    batch: int  # images per step
    images: int  # trained on at most
    per_epoch: int  # images shown in one epoch
    seed: int
    clip: float = 0.0  # of the gradient's norm; 0 for none
    l1: float = 0.0  # times the sum of all weights' magnitudes
    l2: float = 0.0  # times the sum of their squares
    variational: bool = False
    kl: float = 0.0  # times the Kullback-Leibler divergence per value of an image
    warmup: int = 0  # epochs of plain reconstruction before codes are drawn

    @property
    def purpose(self) -> str:
        """Return a text that names these settings and the version of the training."""
        return json.dumps([versions.TRAIN, asdict(self)])

    def divergence_weight(self, epoch: int) -> float | None:
        """Return what the divergence counts in an epoch, None where reconstruction is all."""
        return self.kl if self.variational and epoch >= self.warmup else None


def settings_of(chosen: Mapping[str, Any]) -> TrainingSettings:
    """Return the settings that keys of the configuration say; others of its keys are passed over."""
    named = {field.name: f"train_{field.name}" for field in fields(TrainingSettings)} | {"seed": "seed"}
    return TrainingSettings(**{name: chosen[key] for name, key in named.items() if key in chosen})
