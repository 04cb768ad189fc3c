"""Are the copies still what the ledger says? A look at their bytes that changes nothing."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from scripts.lib.output.ledger import State
from scripts.lib.output.moved import read_ledger
from scripts.lib.output.placement import HOME, LEDGER, OutputFolder


class Finding(NamedTuple):
    """A copy that is not as it was made; `unfinished` is mended by running again, as all are."""

    name: bytes
    problem: Literal["missing", "altered", "dangling", "unfinished"]


def check_copies(
    output: Path, threads: int = 4, progress: Callable[[int], object] = lambda count: None
) -> list[Finding]:
    """Return the copies that are missing, altered, or on their way since an interrupted run.

    An output folder without a ledger holds no copies of ours. Raises OutputError if the ledger is
    damaged.
    """
    if not output.is_dir():
        return []
    with OutputFolder(output) as folder, ThreadPoolExecutor(threads) as pool:
        state = read_ledger(folder)
        paths = sorted(state.owned)
        findings = []
        for finding in pool.map(partial(_check, folder, state), paths):
            findings += [finding] if finding else []
            progress(1)
        waiting = {intent.there or intent.here for intent in state.pending.values()}
        return findings + [Finding(name, "unfinished") for name in sorted(waiting - set(paths))]


def has_ledger(output: Path) -> bool:
    """Tell whether a folder has a record of copies."""
    return Path(output, os.fsdecode(LEDGER)).is_file()


def _check(folder: OutputFolder, state: State, path: bytes) -> Finding | None:
    if path.startswith(HOME + b"/"):
        return Finding(path, "unfinished")
    file = state.owned[path]
    if folder.lstat(path) is None:
        return Finding(path, "missing")
    if file.kind == "symlink":
        same = folder.readlink(path) == file.link
        leads = os.path.exists(os.path.join(os.fsencode(folder.path), path))
        return Finding(path, "dangling" if same else "altered") if not (same and leads) else None
    return None if folder.digest(path) == file.content else Finding(path, "altered")
