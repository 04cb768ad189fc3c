"""How the functions of the path search are compiled.

Once per machine: the result is kept on disk. Without reference counts: none of these functions
makes an array, and counting the arrays in the records they hand to each other took more time than
the search itself.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile a function that makes no arrays."""
    options: dict[str, Any] = {"cache": True, "_nrt": False, "nogil": True}
    machine_code: Function = njit(**options)(function)
    return machine_code
