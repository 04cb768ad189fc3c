"""Shared memory gives back what was put in, from one process to the other, and leaves nothing behind."""

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding import shared_memory
from scripts.lib.embedding.shared_memory import Placed, SharedMemory

given: list[SharedMemory] = []


def keep(memory: SharedMemory) -> None:
    given.append(memory)


def fill(value: int, start: int) -> Placed | None:
    return given[0].put(np.full((2, 3), value, np.uint8), start, start + 6)


@pytest.mark.parametrize(
    "array", [np.arange(24, dtype=np.uint8).reshape(2, 3, 4), np.ones((1, 5), np.float32)]
)
def test_what_was_put_in_comes_out(array: np.ndarray) -> None:
    memory = SharedMemory(1 << 12)
    place = memory.put(array, 100, 1 << 12)
    assert place is not None
    taken = memory.take(place)
    memory.close()
    np.testing.assert_array_equal(taken, array)
    assert taken.dtype == array.dtype


def test_what_does_not_fit_is_left_out() -> None:
    memory = SharedMemory(100)
    assert memory.put(np.zeros(11, np.uint8), 40, 50) is None
    assert memory.put(np.zeros(10, np.uint8), 40, 50) is not None
    memory.close()


def test_other_processes_fill_it() -> None:
    memory = SharedMemory(1 << 12)
    with ProcessPoolExecutor(2, get_context("forkserver"), keep, (memory,)) as pool:
        places = list(pool.map(fill, range(1, 9), range(0, 80, 10)))
    for value, place in enumerate(places, 1):
        assert place is not None
        assert memory.take(place).tolist() == [[value] * 3] * 2
    memory.close()


def test_it_has_no_name_even_where_it_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    memory = shared_memory.SharedMemory(1 << 12)
    assert list(tmp_path.iterdir()) == []
    place = memory.put(np.arange(5), 0, 1 << 12)
    assert place is not None
    assert memory.take(place).tolist() == [0, 1, 2, 3, 4]
    memory.close()
