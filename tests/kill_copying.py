"""Kill a copying process at every call that touches the disk, and look at what the next run makes.

Run by `test_deeds.py` as a process of its own, which forks: one child for each moment to die at.
"""

import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3

from scripts.lib.output import placement
from scripts.lib.output.check import check_copies
from scripts.lib.output.copy import CopySettings, copy_in_order
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.targets import Wanted, names_of, targets_of

CALLS = [
    "open",
    "mkdir",
    "write",
    "fsync",
    "link",
    "unlink",
    "rename",
    "utime",
    "ftruncate",
    "close",
]


def wanted(position: int, path: Path) -> Wanted:
    return Wanted(position, os.fsencode(path), blake3(path.read_bytes()).digest())


def copy(base: Path, order: list[Wanted]) -> list[str]:
    settings = CopySettings(base / "output", "photos", threads=1, batch_files=3)
    targets = targets_of(order, names_of(order, Naming()))
    return [row.status for row in copy_in_order(targets, settings, lambda count: None).files]


class Death:
    """Counts calls, and dies of SIGKILL before the chosen one, or halfway if it writes."""

    def __init__(self, moment: int) -> None:
        self.left = moment
        for name in CALLS:
            setattr(os, name, self.counting(getattr(os, name)))
        if placement.SYNCFS is not None:
            placement.SYNCFS = self.counting(placement.SYNCFS)

    def counting(self, call: Callable) -> Callable:
        def counted(*args, **options):
            self.left -= 1
            if self.left == 0:
                if call.__name__ == "write":
                    call(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)

        return counted


def killed(base: Path, order: list[Wanted], moment: int) -> bool:
    """Copy in a child that dies at a moment; return False if it was done before."""
    child = os.fork()
    if child == 0:
        Death(moment)
        copy(base, order)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, status
    return status != 0


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return every file but ledger and lock, which depend on the kills: mode, time, bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in ("ledger.jsonl", "lock"):
            state = path.lstat()
            found[str(path.relative_to(folder))] = (
                state.st_mode,
                state.st_mtime_ns,
                path.read_bytes(),
            )
    return found


def prepare(base: Path) -> list[Wanted]:
    """Make sources, copy a first order, disturb sources and copies; return the second order."""
    sources = base / "sources"
    paths = [sources / f"{i}" / ("same.jpg" if i < 6 else f"{i}.jpg") for i in range(13)]
    for i, path in enumerate(paths):
        path.parent.mkdir(parents=True)
        path.write_text(f"content {i}" * (i + 1))
        os.utime(path, ns=(i, 10**18 + i))
    copy(base, [wanted(i, path) for i, path in enumerate(paths[1:11])])
    (base / "output/foreign.jpg").write_text("foreign")
    (base / "output/0002_same.jpg").write_text("edited by hand")  # wanted again
    (base / "output/0007_8.jpg").write_text("edited as well")  # leaves
    (base / "output/0006_7.jpg").unlink()
    paths[9].unlink()  # leaves, its copy is the last one
    changed = wanted(8, paths[12])
    paths[12].write_text("changed since the scan")
    kept = [paths[i] for i in (0, 11, 2, 3, 1, 7, 5, 4)]
    return [*(wanted(i, path) for i, path in enumerate(kept)), changed]


def scene(template: Path, base: Path) -> Path:
    """Return the output folder beside the sources, as it was before the order to be copied."""
    shutil.rmtree(base / "output", ignore_errors=True)
    if template.exists():
        shutil.copytree(template, base / "output")
    return base


def kill_at_every_call(template: Path, base: Path, order: list[Wanted]) -> int:
    """Return how many moments there were; raise AssertionError if one of them left a trace."""
    copy(scene(template, base), order)
    undisturbed, sources = tree(base / "output"), tree(base / "sources")
    moment = 1
    while killed(scene(template, base), order, moment):
        if moment % 3 == 0:
            killed(base, order, moment // 3)
        copy(base, order)
        assert tree(base / "output") == undisturbed, f"killed at call {moment}"
        assert tree(base / "sources") == sources, f"killed at call {moment}"
        assert check_copies(base / "output") == [], f"killed at call {moment}"
        moment += 1
    return moment - 1


def main(base: Path, start: str, links: str) -> None:
    # A kill loses nothing that was written: what only a power failure needs is left out.
    placement.SYNCFS = os.fsync = lambda fd: 0
    if links == "no links":
        os.link = refuse
    order = prepare(base)
    template = base / "template"
    if start == "disturbed":
        shutil.copytree(base / "output", template)
    print(kill_at_every_call(template, base, order))


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
