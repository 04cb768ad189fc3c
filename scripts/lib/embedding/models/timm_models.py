"""The models of timm, DINOv2 among them: what enters the last layer, or is all that there is without one.

A name is `timm:ARCHITECTURE.TAG` as timm lists it; without a tag it is timm's default for the architecture.
"""

import importlib
import math
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import torch
from torch import nn

from scripts.lib import versions
from scripts.lib.artifacts.record import checksum
from scripts.lib.embedding.models.card import ModelCard, unchanged_weights
from scripts.lib.embedding.models.checkpoint import fit, read_state
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.models.suggest import nearest
from scripts.lib.embedding.models.torchvision_import import import_torchvision
from scripts.lib.embedding.weights import downloaded, from_hub, local_file
from scripts.lib.errors import InputError

KIND = "timm:"
HUB_FILES = ("model.safetensors", "pytorch_model.bin")  # the first is preferred
RESIZE_MODES = {"center": "shortest", "squash": "squash"}  # timm's names of what we can do


def describe(name: str, weights: str | None) -> ModelCard:
    """Return the card of a timm model, its weights found and tried.

    Raises
    ------
    InputError
        when there is no such model, or its weights can't be had or do not fit.
    """
    settings = pretrained_settings(name)
    full_name = KIND + ".".join(settings[part] for part in ("architecture", "tag") if part in settings)
    rule = preprocessing(full_name, settings)
    length = dimension(full_name, rule["crop_size"])
    path, source = _weights(full_name, settings, weights)
    load_features(full_name, path)
    return ModelCard(
        name=full_name,
        dimension=length,
        dtype="float16",
        version=versions.NETWORK,
        weights=str(path.absolute()),
        weights_blake3=checksum(path),
        weights_source=source,
        preprocessing=rule,
    )


def open_model(card: ModelCard, device: str, threads: int) -> NetworkModel:
    """Load the model that a card describes, without its last layer."""
    return NetworkModel(card, load_features(card.name, unchanged_weights(card)), device, threads)


def timm() -> ModuleType:
    """Return the library, which imports torchvision."""
    import_torchvision()
    return importlib.import_module("timm")


def pretrained_settings(name: str) -> dict[str, Any]:
    """Return what timm knows of a model's weights: their place, their preprocessing, their last layer.

    Raises
    ------
    InputError
        when there is no such architecture, or no such weights for it.
    """
    wanted = name.removeprefix(KIND)
    architecture = wanted.partition(".")[0]
    if architecture not in timm().list_models():
        known = [*timm().list_models(), *timm().list_models(pretrained=True)]
        raise InputError(f"model: timm has no '{wanted}'. Near it: {nearest(wanted, known)}.")
    try:
        settings: dict[str, Any] = timm().get_pretrained_cfg(wanted).to_dict()
    except RuntimeError as error:
        tagged = ", ".join(timm().list_models(f"{architecture}.*", pretrained=True)) or "none"
        raise InputError(f"model: timm has no weights '{wanted}'. There are: {tagged}.") from error
    return settings


def _weights(name: str, settings: Mapping[str, Any], weights: str | None) -> tuple[Path, str]:
    """Return the weights file of a model, and where it came from."""
    if weights:
        return local_file(weights), weights
    if settings.get("hf_hub_id"):
        file = settings.get("hf_hub_filename")
        repository = settings["hf_hub_id"]
        return from_hub(name, repository, (file,) if file else HUB_FILES), repository
    if settings.get("url"):
        return downloaded(name, settings["url"]), settings["url"]
    raise InputError(f"model: timm has no weights for {name}. Name another model, or set weights to a file.")


def preprocessing(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the preprocessing that comes with a model's weights, as plain values.

    Raises
    ------
    InputError
        when it is another than resizing and cutting out a square.
    """
    data = importlib.import_module("timm.data")
    rule = data.resolve_model_data_config(None, pretrained_cfg=dict(settings))
    _, height, width = rule["input_size"]
    if height != width or rule["crop_mode"] not in RESIZE_MODES:
        raise InputError(
            f"model: {name} takes {width} x {height} pixels in the crop mode '{rule['crop_mode']}'; only "
            f"squares in the modes {', '.join(RESIZE_MODES)} are supported. Name another model."
        )
    return {
        "resize_size": math.floor(height / rule["crop_pct"]),
        "crop_size": height,
        "resize_mode": RESIZE_MODES[rule["crop_mode"]],
        "interpolation": rule["interpolation"].upper(),
        "mean": list(rule["mean"]),
        "std": list(rule["std"]),
    }


def build(name: str) -> nn.Module:
    """Build a model without its last layer, with random weights."""
    network: nn.Module = timm().create_model(name.removeprefix(KIND), num_classes=0)
    return network.eval()


def dimension(name: str, size: int) -> int:
    """Return the length of a model's feature vectors, without any weights.

    Raises
    ------
    InputError
        when the model makes something else of an image, such as a vector for each of its patches.
    """
    with torch.device("meta"):  # shapes alone: nothing is computed
        shape = build(name)(torch.empty(1, 3, size, size)).shape
    if len(shape) != 2:
        made = " x ".join(map(str, shape[1:]))
        raise InputError(f"model: {name} makes {made} values of an image, no vector. Name another model.")
    return int(shape[1])


def load_features(name: str, path: Path) -> nn.Module:
    """Return a model with the weights of a file; its last layer may be any.

    Raises
    ------
    InputError
        when the file's tensors are not those of the model.
    """
    network, state = build(name), read_state(path)
    kept = _without_head(network, state)
    if kept.keys() != network.state_dict().keys():
        kept = _without_head(network, _converted(name, network, state))
    return fit(network, kept, name, path)


def _without_head(network: nn.Module, state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors without those of the last layer, which `network` does not have."""
    last = cast(Any, network).pretrained_cfg.get("classifier") or ()  # a name or several, such as `head.fc`
    heads = tuple(f"{each.partition('.')[0]}." for each in ([last] if isinstance(last, str) else last))
    own = network.state_dict().keys()
    return {key: value for key, value in state.items() if key in own or not key.startswith(heads)}


def _converted(
    name: str, network: nn.Module, state: Mapping[str, torch.Tensor]
) -> Mapping[str, torch.Tensor]:
    """Return the tensors of an older or foreign checkpoint under timm's names, as its own loader does."""
    architecture = timm().models.model_entrypoint(name.removeprefix(KIND))
    convert = getattr(importlib.import_module(architecture.__module__), "checkpoint_filter_fn", None)
    try:
        converted: Mapping[str, torch.Tensor] = convert(dict(state), network) if convert else state
    except Exception:  # converters expect tensors of their model; what does not fit is named by `fit`
        return state
    return converted
