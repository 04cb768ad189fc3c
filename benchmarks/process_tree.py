"""The memory of a command and of all that it starts, looked at while it runs.

Resident sizes would count every page once for each process that shares it, so shares are summed: what Linux
calls the proportional set size. Pages of mapped files are in it, and are told apart, because the system takes
them back when it needs room.
"""

import contextlib
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

LOOK_SECONDS = 1.0


class Memory(NamedTuple):
    """Bytes of a process tree: all, and those that lie in no file."""

    total: int
    own: int

    def or_more(self, other: "Memory") -> "Memory":
        """Return the larger of each."""
        return Memory(max(self.total, other.total), max(self.own, other.own))


def run_watched(
    command: Sequence[str], folder: Path, log: Path, note: Callable[[float, Memory], object]
) -> int:
    """Run a command in a folder and return its exit status; what it says is added to a log.

    note : called after each look with the seconds since the last one and the memory of the moment
    """
    with log.open("ab") as stream:
        process = subprocess.Popen(command, cwd=folder, stdout=stream, stderr=subprocess.STDOUT)
        before = time.monotonic()
        while process.poll() is None:
            memory = memory_of(process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_SECONDS)
            now = time.monotonic()
            note(now - before, memory)
            before = now
    return process.returncode


def memory_of(pid: int) -> Memory:
    """Return the memory of a process and its descendants, as far as they are still there."""
    try:
        family = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return Memory(0, 0)
    shares = [_share(member) for member in family]
    return Memory(sum(each.total for each in shares), sum(each.own for each in shares))


def _share(pid: int) -> Memory:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    except OSError:  # it has ended
        return Memory(0, 0)
    figures = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    total = figures.get("Pss", 0)
    return Memory(total, total - figures.get("Pss_File", 0))
