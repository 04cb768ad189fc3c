"""Processes that prepare images, of which one may hang or die, and the memory that they fill."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from scripts.lib.embedding.allocation import keep_freed_memory
from scripts.lib.embedding.shared_memory import SharedMemory

TASKS_PER_WORKER = 3  # under way or done, so that no worker waits while the results of others are taken
SPARE_SLOTS = 64
RESTARTS = 20  # of all processes, before something else must be wrong
LOOK_SECONDS = 1.0  # between two looks whether the processes are there at all
NICENESS = 10  # of workers: a batch runs to its end, instead of in turns with decoding
SLOT_BYTES = 1 << 24  # for the results of one task; what does not fit goes through a pipe


class Processes(Protocol):
    """What is asked of processes: pebble's `ProcessPool`, or a stand-in where that is not to be had."""

    @property
    def active(self) -> bool:
        """Tell whether tasks are being done."""

    def schedule(
        self, function: Callable[..., Any], args: tuple[Any, ...], *, timeout: float | None
    ) -> "Future[Any]":
        """Call the function in a process, for no longer than `timeout` seconds."""

    def stop(self) -> None:
        """End the processes, whatever they do."""

    def join(self) -> None:
        """Wait until all have ended."""


class Job(NamedTuple):
    """A task, and the processes that were to do it."""

    future: "Future[Any]"
    processes: Processes

    def result(self) -> Any:
        """Return what the task returned. Raises BrokenProcessPool where the processes are gone."""
        while not wait([self.future], LOOK_SECONDS).done:
            if not self.processes.active:
                raise BrokenProcessPool
        return self.future.result()


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

    The slot of a task that has succeeded is the next to be used. That of one that failed is the last: a
    worker that was given up may still write to it.

    Parameters
    ----------
    workers : how many processes there are
    start : starts them
    """

    def __init__(self, workers: int, start: StartProcesses = pebble_processes) -> None:
        self.tasks = TASKS_PER_WORKER * workers
        self.slots = deque(range(self.tasks + SPARE_SLOTS))
        self.memory = SharedMemory(len(self.slots) * SLOT_BYTES)
        self._start, self._restarts = partial(start, workers, begin_worker, self.memory), RESTARTS
        self._processes = self._start()
        self.submit(os.getpid, (), None)  # the first task starts them

    def submit(self, function: Callable[..., Any], args: tuple[Any, ...], timeout: float | None) -> Job:
        """Call the function in a process; start the processes again where all are gone."""
        if not self._processes.active and self._restarts:
            self._restarts -= 1
            self._end()
            self._processes = self._start()
        return Job(self._processes.schedule(function, args, timeout=timeout), self._processes)

    def _end(self) -> None:
        self._processes.stop()
        self._processes.join()

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()
        self.memory.close()


_memory: list[SharedMemory] = []  # in a worker, that of its pool


def begin_worker(memory: SharedMemory) -> None:
    """Make this process a worker: it fills the memory, and ends when its owner does."""
    _memory[:] = [memory]
    keep_freed_memory()
    os.nice(NICENESS)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def worker_memory() -> SharedMemory:
    """Return the memory that this worker fills."""
    return _memory[0]


def _leave_with_parent() -> None:
    """End this worker when the process that owns the pool ends, however it does."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
