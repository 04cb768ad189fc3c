"""Kill a process that copies or undoes at every call that changes the disk, and look at what is left.

Run by `test_deeds.py` as a process of its own, which forks: one child for each moment to die at.

    kill_copying.py SOURCES OUTPUT LINKS STEP ...

The steps are a story (`stories.py`), the last one of which is done again and again: killed at its first call,
at its second, and so on, then repeated without a kill. LINKS is `links`, or `no links` for a file system that
has no hard links.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.lib.output import placement
from tests.stories import Story, World

CALLS = ["open", "mkdir", "rmdir", "write", "link", "symlink", "unlink", "rename", "ftruncate"]
CALLS += ["utime", "fchmod", "fchown", "setxattr"]


class Death:
    """Counts calls, and dies of SIGKILL before the chosen one, or halfway if it writes."""

    def __init__(self, moment: int) -> None:
        self.left = moment
        for name in CALLS:
            setattr(os, name, self.counting(getattr(os, name)))
        if placement.RENAMEAT2 is not None:
            placement.RENAMEAT2 = self.counting(placement.RENAMEAT2)

    def counting(self, call: Callable) -> Callable:
        def counted(*args, **options):
            if call.__name__ == "open" and not args[1] & os.O_CREAT:
                return call(*args, **options)  # nothing on the disk is changed by it
            self.left -= 1
            if self.left == 0:
                if call.__name__ == "write":
                    call(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)

        return counted


def killed(do: Callable[[], None], moment: int) -> bool:
    """Do something in a child that dies at a moment; return False if it was done before."""
    child = os.fork()
    if child == 0:
        Death(moment)
        do()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, status
    return status != 0


def kill(story: Story, moment: int) -> bool:
    """Kill the step at a moment, and its repetition too at some; return False if it was done before."""
    story.template.restore()
    targets = None if story.step == "undo" or moment % 2 else story.world.order(story.step)
    if not killed(lambda: story.do(targets=targets), moment):
        return False
    story.assert_nothing_lost()
    if moment % 3 == 0:
        killed(story.do, 1 + moment // 3)
        story.assert_nothing_lost()
    if moment % 4 == 1:
        story.assert_undone_at_once()
        return True
    story.do(targets=targets)
    story.assert_completed()
    return True


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def main(sources: str, output: str, links: str, *steps: str) -> None:
    # A kill loses nothing that was written: what only a power failure needs is left out.
    placement.SYNCFS = os.fsync = lambda fd: 0
    if links == "no links":
        os.link, placement.RENAMEAT2 = refuse, None
    story = Story(World(Path(sources), Path(output), {}), steps, Path(f"{sources}.template"))
    moment = 1
    while True:
        try:
            if not kill(story, moment):
                break
        except BaseException as error:
            error.add_note(f"killed at call {moment} of {' '.join(steps)}")
            raise
        moment += 1
    print(moment - 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
