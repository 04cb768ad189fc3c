"""Memory that worker processes fill and their owner reads, so that no pixels go through a pipe.

Pixels in a message are copied six times and taken apart in pieces of 64 kB, by the one process that has
to keep the network busy. The memory has no name: it goes with the last process that holds it, and a kill
leaves nothing behind. Pages that nobody wrote to take no memory.
"""

import math
import mmap
import os
import tempfile
from collections.abc import Callable
from multiprocessing import reduction
from typing import Any, NamedTuple

import numpy as np


class Placed(NamedTuple):
    """Where an array lies in the memory."""

    start: int  # bytes
    shape: tuple[int, ...]
    dtype: str


class SharedMemory:
    """Memory of a fixed size, which processes get as an argument when they are started."""

    def __init__(self, size: int, descriptor: int | None = None) -> None:
        self.size = size
        self.descriptor = _anonymous_file(size) if descriptor is None else descriptor
        self.bytes = mmap.mmap(self.descriptor, size)

    def __reduce__(self) -> tuple[Callable[..., "SharedMemory"], tuple[Any, int]]:
        return _attached, (reduction.DupFd(self.descriptor), self.size)

    def put(self, array: np.ndarray, start: int, stop: int) -> Placed | None:
        """Copy an array to the bytes from `start` on; None where it does not fit before `stop`."""
        if start + array.nbytes > stop:
            return None
        placed = Placed(start, array.shape, array.dtype.str)
        self._view(placed)[...] = array
        return placed

    def take(self, placed: Placed) -> np.ndarray:
        """Return a copy of an array that lies in the memory."""
        return self._view(placed).copy()

    def close(self) -> None:
        """Give the memory back."""
        self.bytes.close()
        os.close(self.descriptor)

    def _view(self, placed: Placed) -> np.ndarray:
        count = math.prod(placed.shape)
        return np.frombuffer(self.bytes, placed.dtype, count, placed.start).reshape(placed.shape)


def _attached(descriptor: Any, size: int) -> SharedMemory:
    return SharedMemory(size, descriptor.detach())


def _anonymous_file(size: int) -> int:
    """Open a file without a name: in memory where the system can, otherwise a temporary one."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("seriatim")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor
