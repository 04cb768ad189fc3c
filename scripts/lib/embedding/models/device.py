"""Where networks run: on the CPU, or on a GPU that no other job has."""

import logging
import os
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from scripts.lib.errors import InputError
from scripts.lib.run.lock import Lock, claim

WAIT_SECONDS = 1.0  # between two looks at GPUs that are all taken

_held: list[Lock] = []  # locks last as long as the process


def choose_device(wanted: str) -> str:
    """Return `cpu`, or `cuda:0` and so on, for the config key `device`.

    A GPU is this process's own from then on; where all are taken, the first that gets free is waited for.

    Raises
    ------
    InputError
        when cuda is asked for and there is none.
    """
    if wanted == "cpu":
        return "cpu"
    own = own_gpu()
    if wanted == "cuda" and own is None:
        raise InputError(
            "device: cuda was asked for, but torch sees no GPU here. Use device=auto or device=cpu."
        )
    return "cpu" if own is None else f"cuda:{own}"


@cache
def own_gpu() -> int | None:
    """Return which GPU is this process's own, from the first call on; None where there is none."""
    gpus = _gpus()
    if gpus and (free := claim_gpu(gpus)) is None:
        logging.getLogger("seriatim").info("all GPUs are taken (%d); waiting for one", len(gpus))
        while (free := claim_gpu(gpus)) is None:
            time.sleep(WAIT_SECONDS)
    return free if gpus else None


def claim_gpu(gpus: Sequence[str]) -> int | None:
    """Take the first GPU that no process of this user has; None where all are taken.

    The engine says how many jobs may use a GPU, not which. A lock of the kernel, one for each GPU, goes with
    the process that holds it, however it ends.

    gpus : a name for each GPU that is its own on this machine
    """
    for index, name in enumerate(gpus):
        try:
            _held.append(claim(lock_path(name)))
            return index
        except InputError:
            continue
    return None


def lock_path(gpu: str) -> Path:
    """Name the lock of a GPU, in the folder of this machine's temporary files."""
    return Path(tempfile.gettempdir(), f"seriatim-gpu-{os.getuid()}-{gpu}.lock")


def _gpus() -> list[str]:
    """Return the GPUs that torch sees, by names that do not depend on what else it sees."""
    import torch

    every = range(torch.cuda.device_count()) if torch.cuda.is_available() else range(0)
    return [str(getattr(torch.cuda.get_device_properties(i), "uuid", i)) for i in every]
