"""A training in the middle of its work, kept beside its result, so that a killed one goes on from there.

It is written after every epoch, atomically. It stays when the training is done, for a later run that asks for
more epochs. The images are named in it: whoever goes on trains on those that it began with.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.files.content_ids import CONTENT_ID_BYTES, ID_DTYPE


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands.

    purpose : names its settings and version; another training does not go on from here
    ids : (n,) S32, ascending, the images
    state : see `Trainer.state`
    finished : the number of epochs that were asked for, if the network was handed over since
    """

    purpose: str
    ids: np.ndarray
    state: dict[str, Any]
    finished: int | None = None


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint."""
    fields = vars(checkpoint) | {"ids": torch.from_numpy(_as_bytes(checkpoint.ids))}
    with replacing(path) as temporary, temporary.open("wb") as stream:
        torch.save(fields, stream)


def read_checkpoint(path: Path, purpose: str) -> Checkpoint | None:
    """Return the checkpoint on the CPU, or None where there is none of this training."""
    try:
        fields = torch.load(path, map_location="cpu", weights_only=True)
        checkpoint = Checkpoint(**fields | {"ids": _as_ids(fields["ids"].numpy())})
    except Exception:  # torch raises many kinds for files that are no checkpoint
        return None
    return checkpoint if checkpoint.purpose == purpose else None


def goes_on(checkpoint: Checkpoint | None, epochs: int, damaged: bool = False) -> bool:
    """Tell whether a training goes on from a checkpoint; otherwise it begins again.

    One that handed over its network after as many epochs as are asked for now has nothing left to do: who
    runs it wants another network, unless it is run because that file was damaged.
    """
    return checkpoint is not None and (damaged or checkpoint.finished != epochs)


def _as_bytes(ids: np.ndarray) -> np.ndarray:
    return np.array(ids, ID_DTYPE).view(np.uint8).reshape(-1, CONTENT_ID_BYTES)


def _as_ids(data: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(data).view(ID_DTYPE).ravel()
