"""A checkpoint gives back what was written, to the training that it is of and to no other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scripts.lib.embedding.training.training_checkpoint import (
    Checkpoint,
    goes_on,
    read_checkpoint,
    write_checkpoint,
)
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes

IDS = np.array([b"a" * 31 + b"\0", b"b" * 32], ID_DTYPE)  # zero bytes at the end are hidden by NumPy
CHECKPOINT = Checkpoint("one", IDS, {"network": {"w": torch.arange(3.0)}, "history": [[0.5, 0.0, None]]})


def test_a_checkpoint_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "checkpoint.pt"
    write_checkpoint(path, CHECKPOINT)
    found = read_checkpoint(path, "one")
    assert found is not None
    assert id_bytes(found.ids) == id_bytes(IDS)
    assert torch.equal(found.state["network"]["w"], torch.arange(3.0))
    assert found.state["history"] == [[0.5, 0.0, None]]
    assert found.finished is None


def test_another_training_does_not_go_on_from_it(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "c.pt", CHECKPOINT)
    assert read_checkpoint(tmp_path / "c.pt", "another") is None


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint", "truncated"])
def test_what_is_no_checkpoint_is_none(tmp_path: Path, content: bytes | str | None) -> None:
    path = tmp_path / "c.pt"
    if content is not None:
        write_checkpoint(path, CHECKPOINT)
        path.write_bytes(path.read_bytes()[:300] if isinstance(content, str) else content)
    assert read_checkpoint(path, "one") is None


def test_a_training_goes_on_unless_it_came_to_its_end_as_asked() -> None:
    assert not goes_on(None, 5)
    assert goes_on(CHECKPOINT, 5)
    finished = replace(CHECKPOINT, finished=5)
    assert not goes_on(finished, 5)
    assert goes_on(finished, 8)
    assert goes_on(finished, 3)
    assert goes_on(finished, 5, damaged=True)
    assert not goes_on(None, 5, damaged=True)
