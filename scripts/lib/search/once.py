"""What is made when it is first needed, and only once, whichever threads ask for it."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Once(Generic[Made]):
    """A value that is made at the first call; after a failure the next call tries again.

    made : the value as far as there is one yet
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make, self._lock = make, threading.Lock()
        self.made: list[Made] = []

    def __call__(self) -> Made:
        """Return the value."""
        with self._lock:
            if not self.made:
                self.made.append(self._make())
            return self.made[0]
