"""What stands in `model.json`: all that decides what vectors a model makes."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.record import checksum
from scripts.lib.errors import InputError
from scripts.lib.images.decode import VIDEO_FRAMES


@dataclass(frozen=True)
class ModelCard:
    """What `model.json` says of a model; its fingerprint names its vectors in the store."""

    name: str
    dimension: int
    dtype: str  # of the stored vectors
    version: int  # of our own part of the computation
    weights: str | None = None  # the file
    weights_blake3: str | None = None
    weights_source: str | None = None
    preprocessing: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that change with anything that changes vectors."""
        from blake3 import blake3  # late: a network runs where it is not installed

        identity = asdict(self)
        del identity["weights"], identity["weights_source"]  # where a file lies changes nothing
        return blake3(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def multicrop(self) -> bool:
        """Tell whether elongated images are embedded as several crops."""
        return bool(self.preprocessing.get("multicrop"))

    @property
    def video_frames(self) -> int:
        """Return how many frames of a video are embedded."""
        return int(self.preprocessing.get("video_frames", VIDEO_FRAMES))

    @property
    def unit_length(self) -> bool:
        """Tell whether vectors are compared by their directions, and so stored at length 1."""
        return bool(self.preprocessing.get("unit_length"))

    def to_json(self) -> dict[str, Any]:
        """Return the content of `model.json`."""
        return {**asdict(self), "fingerprint": self.fingerprint}


def read_card(path: Path) -> ModelCard:
    """Read a `model.json`."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields.pop("fingerprint")
    return ModelCard(**fields)


def unchanged_weights(card: ModelCard) -> Path:
    """Return the weights file of a card, which is still the one that gave the card its fingerprint.

    Raises
    ------
    InputError
        when it is gone or has changed.
    """
    path = Path(str(card.weights))
    if not path.is_file() or checksum(path) != card.weights_blake3:
        raise InputError(
            f"The weights file {path} is gone or has changed since model.json was made from it. "
            "Run again with --forcerun weights."
        )
    return path
