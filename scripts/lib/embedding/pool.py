"""Processes that prepare images, of which one may hang or die, and the memory that they fill."""

import ctypes
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Protocol

from scripts.lib.embedding.shared_memory import SharedMemory

TASKS_PER_WORKER = 3  # under way or done, so that no worker waits while the results of others are taken
SLOT_BYTES = 1 << 24  # for the results of one task; what does not fit goes through a pipe
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT_BLOCK, KEPT_BYTES = 1 << 25, 1 << 28  # freed memory that a worker keeps: of what size, and how much


class Processes(Protocol):
    """What is asked of processes: pebble's `ProcessPool`, or a stand-in where that is not to be had."""

    def schedule(
        self, function: Callable[..., Any], args: tuple[Any, ...], *, timeout: float | None
    ) -> "Future[Any]":
        """Call the function in a process, for no longer than `timeout` seconds."""

    def stop(self) -> None:
        """End the processes, whatever they do."""

    def join(self) -> None:
        """Wait until all have ended."""


StartProcesses = Callable[[int, Callable[[SharedMemory], None], SharedMemory], Processes]


def pebble_processes(
    count: int, initializer: Callable[[SharedMemory], None], memory: SharedMemory
) -> Processes:
    """Return processes that are ended when a task takes too long, and replaced when they die."""
    from pebble import ProcessPool

    context = multiprocessing.get_context("forkserver")
    processes: Processes = ProcessPool(count, initializer=initializer, initargs=(memory,), context=context)
    return processes


class WorkerPool:
    """Worker processes and their memory; they start in the background as soon as this is made.

    Parameters
    ----------
    workers : how many processes there are
    start : starts them
    """

    def __init__(self, workers: int, start: StartProcesses = pebble_processes) -> None:
        self.tasks = TASKS_PER_WORKER * workers
        self.slots = deque(range(self.tasks))
        self.memory = SharedMemory(self.tasks * SLOT_BYTES)
        self.processes = start(workers, begin_worker, self.memory)
        self.processes.schedule(os.getpid, (), timeout=None)  # the first task starts them

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.processes.stop()
        self.processes.join()
        self.memory.close()


_memory: list[SharedMemory] = []  # in a worker, that of its pool


def begin_worker(memory: SharedMemory) -> None:
    """Make this process a worker: it fills the memory, and ends when its owner does."""
    _memory[:] = [memory]
    _keep_freed_memory()
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def worker_memory() -> SharedMemory:
    """Return the memory that this worker fills."""
    return _memory[0]


def _keep_freed_memory() -> None:
    """Have the C library keep what an image leaves for the next one, instead of giving it back each time.

    Where it can't be asked to, each photo of 12 megapixels costs 1,400 page faults, an eighth of its time.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def _leave_with_parent() -> None:
    """End this worker when the process that owns the pool ends, however it does."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
