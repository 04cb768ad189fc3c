"""Long lists of small tuples, made without Python's search for cycles of garbage."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Leave cycles of garbage alone meanwhile.

    What is known of each file is a tuple or two. They form no cycles, but the search for these walks over all
    of them again and again: a fifth of the time in which 40,000 files are linked.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
