"""Which model compares images with words, and whether it can."""

from collections.abc import Mapping
from typing import Any

from scripts.lib.categories.taxonomy import read_categories
from scripts.lib.errors import InputError

CLIP = "clip:"  # what the names of models begin with that know words


def category_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the configuration of the model that compares images with words.

    With its own name in `model` it would leave the same files; a checkpoint in `weights` is another model's.
    """
    if config["category_model"] in ("auto", config["model"]):
        return config
    return {**config, "model": config["category_model"], "weights": None, "embeddings": None}


def knows_words(config: Mapping[str, Any]) -> bool:
    """Tell whether there are categories, and a model that compares images with them."""
    return bool(config["categories"]) and category_config(config)["model"].startswith(CLIP)


def check_categorize(config: Mapping[str, Any]) -> None:
    """Raise InputError where images can't be sorted by words with this configuration."""
    if not read_categories(config["categories"]).leaves:
        raise InputError(
            "categories: there are none. Name some: --config categories=moody,sunset,neon, or a list or a "
            "tree in config/config.yaml."
        )
    check_category_model(category_config(config)["model"])


def check_category_model(name: str) -> None:
    """Raise InputError where a model can't compare images with words."""
    if not name.startswith(CLIP):
        raise InputError(
            f"category_model: the model '{name}' can't compare images with words. Set category_model to a "
            "model of OpenCLIP, such as clip:ViT-B-32/laion2b_s34b_b79k or clip:ARCHITECTURE/FILE. Images "
            "are then embedded by it, too, once; the order stays that of your model."
        )
