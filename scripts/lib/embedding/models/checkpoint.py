"""Checkpoint files: read without running code from them, and fitted to a network tensor by tensor."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scripts.lib.errors import InputError

# Where training scripts put the weights: timm's moving average before the last state, I-JEPA's encoder.
NESTED = ("state_dict_ema", "state_dict", "model_state_dict", "model", "encoder")
WRAPPERS = re.compile(r"^(module\.|_orig_mod\.)+")  # of parallel and of compiled networks


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Read a state dict, of PyTorch or safetensors by its bytes, never running code from it.

    Raises
    ------
    InputError
        when the file holds anything else.
    """
    try:
        state = _load(path)
    except Exception as error:  # both libraries raise many kinds for files that are no checkpoint
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(
            f"weights: {path} is no PyTorch state dict, and no safetensors file ({reason})."
        ) from error
    for key in NESTED:
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise InputError(f"weights: {path} holds no state dict (names with tensors).")
    return {WRAPPERS.sub("", str(key)): value for key, value in state.items()}


def _load(path: Path) -> Any:
    with path.open("rb") as stream:
        start = stream.read(9)
    if start[8:] == b"{":  # the JSON behind the length of a safetensors header
        from safetensors.torch import load_file

        return load_file(path)
    with torch.serialization.safe_globals([argparse.Namespace]):  # timm keeps its arguments in one
        return torch.load(path, map_location="cpu", weights_only=True)


def fit(network: nn.Module, state: Mapping[str, torch.Tensor], name: str, path: Path) -> nn.Module:
    """Give a network the tensors of a file, all of them and no others; return it ready to embed.

    Raises
    ------
    InputError
        when the tensors are not those of the network.
    """
    try:
        missing, unexpected = network.load_state_dict(state, strict=False, assign=True)
    except RuntimeError as error:
        raise InputError(
            f"weights: {path} does not fit {name}: {str(error).splitlines()[-1].strip()}"
        ) from error
    missing = [key for key in missing if not key.endswith("num_batches_tracked")]  # a counter
    if missing or unexpected:
        wrong = [f"{len(missing)} tensors are missing (first: {missing[0]})"] if missing else []
        wrong += [f"{len(unexpected)} are unknown (first: {unexpected[0]})"] if unexpected else []
        raise InputError(f"weights: {path} does not fit {name}: {', '.join(wrong)}.")
    return network.float().eval()
