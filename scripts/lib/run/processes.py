"""What a stage asks of the system: no process outlives the one that started it, and cards are left alone.

A kill of the run must stop its stages, and a kill of a stage its workers, or an orphan would go on
writing beside the rerun. Linux tells a process of its parent's death; elsewhere nothing does.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it ends."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel had been asked
        os.kill(os.getpid(), signal.SIGKILL)


def hide_gpus() -> None:
    """Show this process no GPU; FAISS takes every card that it sees."""
    os.environ["CUDA_VISIBLE_DEVICES"] = ""


def process_start(process: int) -> int | None:
    """Return when a process was started, in the kernel's ticks; None where it is gone.

    Numbers of processes are given again to others; together with the start it is one. It is None, too, where
    the kernel does not tell.
    """
    try:
        said = Path("/proc", str(process), "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *numbers = said.rpartition(")")[2].split()  # behind the name, which may hold anything
    return None if state in "ZX" else int(numbers[18])
