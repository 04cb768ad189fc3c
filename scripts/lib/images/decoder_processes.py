"""Processes that decode files, of which one may hang or die: that costs the task that it was at.

What decodes is other people's native code, and a broken file can stop or end the process that it runs in.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, NamedTuple, Protocol, Self

from scripts.lib.images.failures import Undecodable

RESTARTS = 20  # of all processes, before something else must be wrong
LOOK_SECONDS = 1.0  # between two looks whether the processes are there at all
TURN_SECONDS = 10.0  # that a process waits for its turn to take a task or to answer, which takes a moment


class DecoderFailed(Undecodable):
    """A decoder hung or crashed; or its process was killed, so that it is worth a second try."""


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
    timeout: float | None

    def result(self) -> Any:
        """Return what the task returned.

        Raises
        ------
        DecoderFailed
            when it took too long, or its process died.
        BrokenProcessPool
            when all processes are gone, for which no task is to blame.
        """
        while not wait([self.future], LOOK_SECONDS).done:
            if not self.processes.active:
                raise BrokenProcessPool
        try:
            return self.future.result()
        except TimeoutError as error:
            raise DecoderFailed(f"decoding did not end within {self.timeout:g} s") from error
        except OSError as error:
            from pebble import ProcessExpired

            if not isinstance(error, ProcessExpired):
                raise
            raise DecoderFailed(f"the decoder crashed (exit code {error.exitcode})") from error


StartProcesses = Callable[[int, Callable[[], None]], Processes]


def pebble_processes(count: int, begin: Callable[[], None]) -> Processes:
    """Return processes that are ended when a task takes too long, and replaced when they die."""
    from pebble import ProcessPool

    context = multiprocessing.get_context("forkserver")
    prepare = partial(_begin_by_turns, begin, TURN_SECONDS)
    processes: Processes = ProcessPool(count, initializer=prepare, context=context)
    return processes


def _begin_by_turns(begin: Callable[[], None], seconds: float) -> None:
    """Prepare a process of pebble's, which waits for its turn for so long.

    One that is killed while it has its turn never gives it back. The others notice after twice the time, and
    are replaced; pebble itself would take two minutes.
    """
    from pebble import CONSTS

    CONSTS.channel_lock_timeout = seconds
    begin()


def _nothing() -> None:
    """Prepare a process in no way."""


class DecoderProcesses:
    """Processes that start with the first task, and again where all of them are gone; threads may share them.

    A task must throw no OSError of its own: pebble's look the same.

    Parameters
    ----------
    count : how many there are
    prepare : is called in each before its first task
    start : starts them
    """

    def __init__(
        self, count: int, prepare: Callable[[], None] = _nothing, start: StartProcesses = pebble_processes
    ) -> None:
        self._start, self._restarts = partial(start, count, partial(_begin, prepare)), RESTARTS
        self._processes = self._start()
        self._submitting = threading.Lock()

    def submit(self, function: Callable[..., Any], args: tuple[Any, ...], timeout: float | None) -> Job:
        """Call the function in a process; start the processes again where all are gone."""
        with self._submitting:
            if not self._processes.active and self._restarts:
                self._restarts -= 1
                self._stop()
                self._processes = self._start()
            return Job(self._processes.schedule(function, args, timeout=timeout), self._processes, timeout)

    def end(self) -> None:
        """End the processes, whatever they do."""
        self._stop()

    def _stop(self) -> None:
        self._processes.stop()
        self._processes.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()


def _begin(prepare: Callable[[], None]) -> None:
    """Make this process one that ends when its owner does."""
    prepare()
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """End this process when the one that owns it ends, however it does."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
