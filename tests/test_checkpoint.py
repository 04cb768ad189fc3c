"""Checkpoints are read in all their usual forms, never run, and fit one network and no other."""

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from scripts.lib.embedding.models.checkpoint import fit, read_state
from scripts.lib.errors import InputError

State = dict[str, torch.Tensor]


def network(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width))


@pytest.fixture
def state() -> State:
    torch.manual_seed(0)
    return network().state_dict()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"state_dict": s, "epoch": 7, "args": argparse.Namespace(lr=0.1)},
        lambda s: {"state_dict": {}, "state_dict_ema": s},
        lambda s: {"model": s, "optimizer": {}},
        lambda s: {f"module.{key}": value for key, value in s.items()},
        lambda s: {f"module._orig_mod.{key}": value for key, value in s.items()},
    ],
)
def test_common_wrappings_are_taken_off(
    state: State, tmp_path: Path, wrap: Callable[[State], object]
) -> None:
    torch.save(wrap(state), tmp_path / "w.pth")
    read = read_state(tmp_path / "w.pth")
    assert read.keys() == state.keys()
    for key, value in state.items():
        torch.testing.assert_close(read[key], value)


def test_the_old_file_format_is_read(state: State, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert read_state(tmp_path / "old.pth").keys() == state.keys()


def test_safetensors_are_told_by_their_bytes(state: State, tmp_path: Path) -> None:
    save_file(state, tmp_path / "named.pth")
    assert read_state(tmp_path / "named.pth").keys() == state.keys()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\3\4 no archive", b"8 bytes.{no header"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.pth is no PyTorch state dict"):
        read_state(tmp_path / "bad.pth")


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {"state_dict": {"a": "b"}}])
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(InputError, match="holds no state dict"):
        read_state(tmp_path / "other.pth")


def test_code_in_a_checkpoint_is_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path(tmp_path / "sprung").write_text, ("x",))

    torch.save({"weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(InputError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read_state(tmp_path / "trap.pth")
    assert not (tmp_path / "sprung").exists()


def test_a_network_gets_its_tensors_in_single_precision(state: State) -> None:
    halves = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    fitted = fit(network(), halves, "net", Path("w.pth"))
    assert not fitted.training
    torch.testing.assert_close(fitted.state_dict()["0.weight"], halves["0.weight"].float())


def test_a_missing_counter_is_no_misfit(state: State) -> None:
    del state["1.num_batches_tracked"]
    fit(network(), state, "net", Path("w.pth"))


def test_tensors_that_are_missing_or_unknown_are_named(state: State) -> None:
    state["other"] = state.pop("0.weight")
    with pytest.raises(InputError, match=r"w\.pth does not fit net: 1 .*0\.weight\), 1 are unknown .*other"):
        fit(network(), state, "net", Path("w.pth"))


def test_tensors_of_another_shape_are_refused(state: State) -> None:
    with pytest.raises(InputError, match=r"w\.pth does not fit net: size mismatch"):
        fit(network(4), state, "net", Path("w.pth"))
