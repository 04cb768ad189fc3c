"""Torchvision's classifiers as feature extractors.

The features are what enters the last layer. It is found, not named: the last linear or convolutional
layer of the network in the order of its definition is the one that makes the class scores.
"""

import re
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scripts.lib import versions
from scripts.lib.artifacts.record import checksum
from scripts.lib.embedding.models.card import ModelCard, unchanged_weights
from scripts.lib.embedding.models.checkpoint import fit, read_state
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.models.registry import FAMILIES
from scripts.lib.embedding.models.suggest import nearest
from scripts.lib.embedding.models.torchvision_import import import_torchvision
from scripts.lib.embedding.weights import downloaded, local_file
from scripts.lib.errors import InputError

# Weights other than torchvision's default: end-to-end fine-tuned SWAG (Singh et al. 2022), 384 px.
PREFERRED = {
    "regnet_y_16gf": "IMAGENET1K_SWAG_E2E_V1",
    "regnet_y_32gf": "IMAGENET1K_SWAG_E2E_V1",
    "regnet_y_128gf": "IMAGENET1K_SWAG_E2E_V1",
}


def describe(name: str, weights: str | None) -> ModelCard:
    """Return the card of a torchvision classifier, its weights found and tried.

    Raises
    ------
    InputError
        when there is no such model, or its weights can't be had or do not fit.
    """
    _check_name(name)
    url: str = preferred_weights(name).url
    path = local_file(weights) if weights else downloaded(name, url)
    load_features(name, path)
    return ModelCard(
        name=name,
        dimension=dimension(name),
        dtype="float16",
        version=versions.NETWORK,
        weights=str(path.absolute()),
        weights_blake3=checksum(path),
        weights_source=weights or url,
        preprocessing=preprocessing(name),
    )


def open_model(card: ModelCard, device: str, threads: int) -> NetworkModel:
    """Load the classifier that a card describes, without its last layer."""
    return NetworkModel(card, load_features(card.name, unchanged_weights(card)), device, threads)


def _check_name(name: str) -> None:
    known, others = names(), [*FAMILIES, "precomputed"]
    if name in known:
        return
    kinds = ", ".join(f"{kind}..." if kind.endswith(":") else kind for kind in others)
    raise InputError(
        f"model: there is no '{name}'. Near it: {nearest(name, [*known, *others])}. There are {kinds} and "
        f"{len(known)} torchvision classifiers."
    )


def names() -> list[str]:
    """Return the names of all torchvision classifiers."""
    models = import_torchvision().models
    found: list[str] = models.list_models(module=models)
    return found


def preferred_weights(name: str) -> Any:
    """Return the entry of torchvision's weights that this project uses for a model."""
    weights = import_torchvision().models.get_model_weights(name)
    return weights[PREFERRED[name]] if name in PREFERRED else weights.DEFAULT


def preprocessing(name: str) -> dict[str, Any]:
    """Return the preprocessing that comes with a model's weights, as plain values."""
    preset = preferred_weights(name).transforms()
    return {
        "resize_size": int(preset.resize_size[0]),
        "crop_size": int(preset.crop_size[0]),
        "interpolation": preset.interpolation.name,
        "mean": list(preset.mean),
        "std": list(preset.std),
    }


def cut_network(name: str) -> tuple[nn.Module, str]:
    """Build a network without its last layer; return it with the prefix of that layer's weights."""
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):  # as their builders do when they load weights
        options = {"init_weights": False, "transform_input": True}
    if name.startswith("vit_"):  # the only ones built for one image size
        options = {"image_size": preprocessing(name)["crop_size"]}
    network: nn.Module = import_torchvision().models.get_model(name, weights=None, **options)
    last = [key for key, m in network.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]
    network.set_submodule(last, nn.Identity())
    return network.eval(), f"{last}."


def dimension(name: str) -> int:
    """Return the length of a model's feature vectors, without any weights."""
    size = preprocessing(name)["crop_size"]
    network = cut_network(name)[0].to("meta")  # shapes alone: nothing is computed
    return int(network(torch.empty(1, 3, size, size, device="meta")).flatten(1).shape[1])


def _modern(key: str) -> str:
    """Return a tensor's present name; old densenets wrote `norm.1` for `norm1`."""
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key)


def load_features(name: str, path: Path) -> nn.Module:
    """Return a model's feature extractor with the weights of a file; its last layer may be any.

    Raises
    ------
    InputError
        when the file's tensors are not those of the model.
    """
    state = {_modern(key): value for key, value in read_state(path).items()}
    network, head = cut_network(name)
    return fit(network, {key: value for key, value in state.items() if not key.startswith(head)}, name, path)
