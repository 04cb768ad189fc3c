"""Who is at work in a store: many that read and append, or one that replaces parts by others.

Those that read and append share a kernel lock on `{store}/lock`, an embed job from its first look at the
store until its manifest is written: no part goes that a manifest is about to name.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from scripts.lib.artifacts.disk import writing
from scripts.lib.errors import DiskError, InputError
from scripts.lib.run.lock import flock

LOCK = "lock"


class Occupant:
    """One of those that share a store; without a lock where the disk has none."""

    def __init__(self, lock: IO[str] | None) -> None:
        self.lock = lock

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Yield whether the store is ours alone during the block; nobody is waited for.

        The kernel gives the lock away before it changes its kind: whatever was known of the parts is to be
        looked up again, inside the block and after it.
        """
        alone = self.lock is not None and _is_free(self.lock)
        try:
            yield alone
        finally:
            if self.lock is not None:
                flock(self.lock, shared=True, wait=True)


@contextmanager
def occupying(store: Path, tell: Callable[[str], object]) -> Iterator[Occupant]:
    """Share a store during the block; `tell` is told where that has to wait."""
    lock = _open(store)
    try:
        if lock is not None:
            try:
                flock(lock, shared=True)
            except BlockingIOError:
                tell(f"waits until the store {store} has been put in order")
                flock(lock, shared=True, wait=True)
        yield Occupant(lock)
    finally:
        if lock is not None:
            lock.close()


@contextmanager
def alone_in(store: Path, unlocked: bool = False) -> Iterator[None]:
    """Have a store alone during the block.

    Raises
    ------
    InputError
        when another process is at work there, or that can't be known and is not vouched for (`unlocked`).
    """
    lock = _open(store)
    try:
        if not (_claimed(lock, store) or unlocked):
            raise InputError(
                f"The disk of the store {store} has no locks, so who is at work there can't be known. See to "
                "it that nobody is, and add --unlocked."
            )
        yield
    finally:
        if lock is not None:
            lock.close()


def _claimed(lock: IO[str] | None, store: Path) -> bool:
    try:
        return lock is not None and flock(lock)
    except BlockingIOError:
        raise InputError(
            f"Another process is at work in the store {store}. Run this again when it has ended."
        ) from None


def _is_free(lock: IO[str]) -> bool:
    try:
        return flock(lock)
    except BlockingIOError:
        return False


def _open(store: Path) -> IO[str] | None:
    """Open the file that is locked, for reading where it can't be written; None where that fails, too."""
    path = store / LOCK
    try:
        with writing(path):
            store.mkdir(parents=True, exist_ok=True)
            return path.open("a+", encoding="utf-8")
    except DiskError:
        return path.open(encoding="utf-8") if path.exists() else None
