"""What can go wrong with a file: it is no image that can be used, or it cannot be read.

Whatever a decoder throws becomes `Undecodable`. Failures of reading (a vanished file, a permission, a
disk) stay `OSError`: they are worth another try, broken data is not.
"""

import errno
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import UnidentifiedImageError

# A decoder that seeks to a nonsensical offset gets an OSError with one of these numbers, its own errors
# have none; any other number comes from the disk or the network.
BAD_OFFSET = (errno.EINVAL, errno.EOVERFLOW)


class Undecodable(Exception):
    """The file is not an image that can be used; the message says why in one line."""


def check_pixels(width: int, height: int, limit: float = math.inf) -> None:
    """Refuse an image that declares no pixels, or more than the limit, before any are allocated."""
    if width < 1 or height < 1:
        raise Undecodable(f"the image has no pixels ({width} x {height})")
    if width * height > limit:
        raise Undecodable(f"declares {width} x {height} pixels, above the limit of {limit}")


@contextmanager
def decoder_errors() -> Iterator[None]:
    """Turn whatever a decoder throws into Undecodable, and let failures of reading through."""
    try:
        with _QUIET:
            yield
    except Undecodable:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, *BAD_OFFSET):
            raise
        raise Undecodable(_reason(error)) from error


class _Quiet:
    """Ignores warnings while any thread is inside.

    `catch_warnings` in each thread would restore the filters of another one.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._outside = warnings.catch_warnings()
                self._outside.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._outside.__exit__(None, None, None)


_QUIET = _Quiet()


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no image or video in a known format, or its header is broken"
    if isinstance(error, MemoryError):
        return "not enough memory to decode the image"
    first_line = (str(error).splitlines() or [""])[0][:200]
    return f"cannot be decoded: {first_line or type(error).__name__}"
