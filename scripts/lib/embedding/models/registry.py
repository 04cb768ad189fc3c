"""Every kind of model, by what its names begin with. To add one, write a module and enter it here.

The module provides the two functions of `protocol.Family`. It is imported only when a model of its kind is
asked for, so that no run pays for a library that it does not use.
"""

from importlib import import_module
from typing import cast

from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.protocol import Family, Model

FAMILIES = {  # a whole name, or what a name begins with as far as the colon
    "autoencoder": "autoencoder",
    "descriptor": "descriptor_model",
    "clip:": "clip",
    "timm:": "timm_models",
}
OTHERS = "classifiers"  # torchvision's, by their bare names


def family_of(name: str) -> Family:
    """Return the kind that a model's name belongs to."""
    kind, colon, _ = name.partition(":")
    module = FAMILIES.get(kind + colon, OTHERS)
    return cast(Family, import_module(f"{__package__}.{module}"))


def describe(name: str, weights: str | None) -> ModelCard:
    """Return the card of a model, its weights found and tried; see `Family`."""
    return family_of(name).describe(name, weights)


def open_model(card: ModelCard, device: str, threads: int) -> Model:
    """Load the model that a card describes onto `auto`, `cpu` or `cuda`."""
    return family_of(card.name).open_model(card, device, threads)
