"""OpenCLIP's models: the image tower, whose vectors are compared by their directions.

A name is `clip:ARCHITECTURE/WEIGHTS`, where WEIGHTS is one of the tags of weights that OpenCLIP knows for
the architecture, or a file. A tag brings its preprocessing, and QuickGELU where it was trained with it; a
file gets what the architecture says. `clip:ARCHITECTURE` alone wants the file in the config key `weights`.
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from scripts.lib import versions
from scripts.lib.artifacts.record import checksum
from scripts.lib.embedding.models.card import ModelCard, unchanged_weights
from scripts.lib.embedding.models.checkpoint import fit, read_state
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.models.suggest import nearest
from scripts.lib.embedding.models.torchvision_import import import_torchvision
from scripts.lib.embedding.weights import from_hub, local_file
from scripts.lib.errors import InputError

KIND = "clip:"
HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")  # the first is preferred
NO_TEXT = {"context_length": 1, "vocab_size": 1, "width": 1, "heads": 1, "layers": 1}  # the smallest


def describe(name: str, weights: str | None) -> ModelCard:
    """Return the card of an image tower, its weights found and tried.

    Raises
    ------
    InputError
        when there is no such architecture or tag, or the weights can't be had or do not fit.
    """
    architecture, tag, file = parsed(name)
    settings = open_clip().get_pretrained_cfg(architecture, tag)
    path, source = _weights(name, settings, weights or file)
    config = architecture_config(architecture, bool(settings.get("quick_gelu")))
    size = load_image_tower(name, config, path).image_size
    return ModelCard(
        name=KIND + architecture + (f"/{tag}" if tag else ""),
        dimension=config["embed_dim"],
        dtype="float16",
        version=versions.NETWORK,
        weights=str(path.absolute()),
        weights_blake3=checksum(path),
        weights_source=source,
        preprocessing={
            **preprocessing(settings, size),
            "unit_length": True,
            "quick_gelu": config["quick_gelu"],
        },
    )


def open_model(card: ModelCard, device: str, threads: int) -> NetworkModel:
    """Load the image tower that a card describes."""
    config = architecture_config(parsed(card.name)[0], card.preprocessing["quick_gelu"])
    tower = load_image_tower(card.name, config, unchanged_weights(card))
    return NetworkModel(card, tower, device, threads)


def open_clip() -> ModuleType:
    """Return the library, which imports torchvision."""
    import_torchvision()
    return importlib.import_module("open_clip")


def parsed(name: str) -> tuple[str, str, str]:
    """Return the architecture, and the tag or the file of weights, that a model's name names.

    Raises
    ------
    InputError
        when OpenCLIP has no such architecture, or there are no such weights.
    """
    architecture, _, weights = name.removeprefix(KIND).partition("/")
    known = open_clip().list_models()
    if architecture not in known:
        raise InputError(
            f"model: OpenCLIP has no architecture '{architecture}'. Near it: {nearest(architecture, known)}."
        )
    tags = open_clip().list_pretrained_tags_by_model(architecture)
    if not weights or weights in tags:
        return architecture, weights, ""
    if Path(weights).expanduser().is_file():
        return architecture, "", weights
    near = nearest(weights, tags) or ", ".join(tags) or "none"
    raise InputError(
        f"model: OpenCLIP has no weights '{weights}' for {architecture}, and there is no such file. "
        f"Tags near it: {near}."
    )


def _weights(name: str, settings: dict[str, Any], file: str | None) -> tuple[Path, str]:
    """Return the weights file of a model, and where it came from."""
    if file:
        return local_file(file), file
    if not settings:
        tags = ", ".join(open_clip().list_pretrained_tags_by_model(parsed(name)[0])) or "none"
        raise InputError(
            f"model: {name} names no weights. Add a slash and one of its tags ({tags}) or a file, or set "
            "weights to a file."
        )
    repository, _, only = settings["hf_hub"].rpartition("/")
    return from_hub(name, repository, (only,) if only else HUB_FILES), repository


def architecture_config(architecture: str, quick_gelu: bool) -> dict[str, Any]:
    """Return OpenCLIP's configuration of both towers; weights may have been trained with QuickGELU."""
    config: dict[str, Any] = open_clip().get_model_config(architecture)
    return config | {"quick_gelu": quick_gelu or config.get("quick_gelu", False)}


def preprocessing(settings: Mapping[str, Any], size: int | Sequence[int]) -> dict[str, Any]:
    """Return how an image becomes pixels: as the tag says, otherwise as OpenCLIP does by default."""
    library = importlib.import_module("open_clip.transform")
    rule = library.merge_preprocess_dict(library.PreprocessCfg(), settings)
    side = size if isinstance(size, int) else size[0]  # all are square
    return {
        "resize_size": side,
        "crop_size": side,
        "resize_mode": rule["resize_mode"],
        "interpolation": rule["interpolation"].upper(),
        "mean": list(rule["mean"]),
        "std": list(rule["std"]),
    }


class ImageTower(nn.Module):
    """The image tower of a CLIP model; every view has length 1 before views are averaged."""

    def __init__(self, visual: nn.Module, image_size: int | Sequence[int]) -> None:
        super().__init__()
        self.visual, self.image_size = visual, image_size

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the directions of (b, 3, h, w) pixels: (b, dimension)."""
        return nn.functional.normalize(self.visual(pixels), dim=-1)


def load_image_tower(name: str, config: Mapping[str, Any], path: Path) -> ImageTower:
    """Return the image tower with the weights of a file, of the whole model or of this tower alone.

    Raises
    ------
    InputError
        when the file's tensors are not those of the architecture.
    """
    vision = config["vision_cfg"] | {"timm_model_pretrained": False, "output_tokens": False}
    whole = open_clip().CLIP(config["embed_dim"], vision, NO_TEXT, quick_gelu=config["quick_gelu"])
    state = importlib.import_module("open_clip.convert").convert_state_dict(whole, read_state(path))
    prefix = "visual."
    tower = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    return ImageTower(fit(whole.visual, tower or state, name, path), whole.visual.image_size)
