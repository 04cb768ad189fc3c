"""What was made last, in memory, up to a number of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable


class Recent:
    """Bytes by key, those that were wanted last; any number of threads may ask.

    limit : bytes in all
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """Return what is kept under a key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, content: bytes) -> None:
        """Keep something, and forget what was not wanted for longest."""
        with self._lock:
            self.size += len(content) - len(self._kept.pop(key, b""))
            self._kept[key] = content
            while self.size > self.limit:
                self.size -= len(self._kept.popitem(last=False)[1])
