"""Worker processes that prepare images, and the memory that they fill."""

import os
from collections import deque
from functools import partial

from scripts.lib.embedding.allocation import keep_freed_memory
from scripts.lib.embedding.shared_memory import SharedMemory
from scripts.lib.images.decoder_processes import DecoderProcesses, StartProcesses, pebble_processes

TASKS_PER_WORKER = 3  # under way or done, so that no worker waits while the results of others are taken
SPARE_SLOTS = 64
NICENESS = 10  # of workers: a batch runs to its end, instead of in turns with decoding
SLOT_BYTES = 1 << 24  # for the results of one task; what does not fit goes through a pipe


class WorkerPool(DecoderProcesses):
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
        super().__init__(workers, partial(begin_worker, self.memory), start)
        self.submit(os.getpid, (), None)  # the first task starts them

    def end(self) -> None:
        """End the processes, whatever they do, and give their memory back."""
        super().end()
        self.memory.close()


_memory: list[SharedMemory] = []  # in a worker, that of its pool


def begin_worker(memory: SharedMemory) -> None:
    """Make this process a worker, which fills the memory."""
    _memory[:] = [memory]
    keep_freed_memory()
    os.nice(NICENESS)


def worker_memory() -> SharedMemory:
    """Return the memory that this worker fills."""
    return _memory[0]
