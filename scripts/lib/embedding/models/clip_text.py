"""The text towers of OpenCLIP's models: texts as directions that an image tower's can be compared with.

They come from the checkpoint of the image tower. Its vectors are not touched by anything here.
"""

import importlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from scripts.lib.embedding.models.card import ModelCard, unchanged_weights
from scripts.lib.embedding.models.checkpoint import fit, read_state
from scripts.lib.embedding.models.clip import NO_TEXT, architecture_config, open_clip, parsed
from scripts.lib.errors import InputError

BATCH = 256  # texts
PREFIX = "text."


class TextTower(NamedTuple):
    """A text tower, and what makes the logits of its model: factor * cosine + bias, which SigLIP has."""

    network: nn.Module
    tokenize: Any
    factor: float
    bias: float | None

    @torch.inference_mode()
    def features(self, texts: Sequence[str]) -> np.ndarray:
        """Return the directions of texts: (t, d) float32, of length 1."""
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        found = [
            nn.functional.normalize(self.network(self.tokenize(list(batch))), dim=-1) for batch in batches
        ]
        vectors: np.ndarray = torch.cat(found).numpy()
        return vectors


def open_text_tower(card: ModelCard) -> TextTower:
    """Load the text tower of the model that a card describes.

    Raises
    ------
    InputError
        when the checkpoint has none, is gone, or does not fit, or its tokenizer can't be had.
    """
    architecture = parsed(card.name)[0]
    config = architecture_config(architecture, card.preprocessing["quick_gelu"])
    tokenize = tokenizer(architecture, config["text_cfg"])
    path = unchanged_weights(card)
    state = _converted(config, read_state(path))
    tower = {key.removeprefix(PREFIX): value for key, value in state.items() if key.startswith(PREFIX)}
    if not tower or "logit_scale" not in state:
        raise InputError(
            f"weights: {path} holds the image tower alone, and words are read by the text tower. Set "
            "category_model to a clip: model with a checkpoint of both."
        )
    bias = state.get("logit_bias")
    return TextTower(
        network=fit(_text_network(config), tower, f"the text tower of {card.name}", path),
        tokenize=tokenize,
        factor=float(state["logit_scale"].double().exp()),
        bias=None if bias is None else float(bias),
    )


def _converted(config: Mapping[str, Any], state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the tensors of any kind of checkpoint under the names of those with a text tower of its own."""
    vision = config["vision_cfg"] | {"timm_model_pretrained": False, "output_tokens": False}
    whole = open_clip().CLIP(config["embed_dim"], vision, NO_TEXT, quick_gelu=config["quick_gelu"])
    state = importlib.import_module("open_clip.convert").convert_state_dict(whole, state)
    model = importlib.import_module("open_clip.model")
    converted: dict[str, torch.Tensor] = model.convert_to_custom_text_state_dict(state)
    return converted


def _text_network(config: Mapping[str, Any]) -> nn.Module:
    model = importlib.import_module("open_clip.model")
    text = config["text_cfg"] | {"output_tokens": False, "hf_model_pretrained": False}
    network: nn.Module = model._build_text_tower(config["embed_dim"], text, config["quick_gelu"])
    return network


def tokenizer(architecture: str, text: Mapping[str, Any]) -> Any:
    """Return what turns texts into the numbers that a text tower takes.

    Raises
    ------
    InputError
        when it needs a library or files that are not there.
    """
    name = text.get("hf_tokenizer_name")
    other = "Set category_model to a model whose tokenizer comes with OpenCLIP, such as clip:ViT-B-32/..."
    if (name or text.get("hf_model_name")) and find_spec("transformers") is None:
        raise InputError(
            f"category_model: the text tower of {architecture} needs the library transformers: pip install "
            f"transformers. {other}"
        )
    try:
        return open_clip().get_tokenizer(architecture)
    except Exception as error:  # the hub's, those of its HTTP client, and the tokenizer's own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"category_model: the tokenizer of {architecture}, {name}, can't be had ({reason}). Copy it into "
            f"the cache of the Hugging Face hub (`hf download {name}` fills it). {other}"
        ) from error
