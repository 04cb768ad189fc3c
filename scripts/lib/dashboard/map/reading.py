"""Values that a browser sent, as what they have to be; ValueError where they are something else."""

import math
from typing import Any

LONGEST_TEXT, MOST_NUMBERS = 1_000, 100_000


def integer(given: Any) -> int | None:
    """Return a whole number, None for nothing."""
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int):
        raise ValueError("no whole number")
    return given


def integers(given: Any) -> tuple[int, ...]:
    """Return a list of whole numbers, none for nothing."""
    found = [integer(each) for each in items(given)]
    return tuple(each for each in found if each is not None)


def number(given: Any) -> float:
    """Return a finite number, 0 for nothing; a field of a form gives it as text."""
    if given is None or given == "":
        return 0.0
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise ValueError("no number")
    value = float(given)
    if not math.isfinite(value):
        raise ValueError("no finite number")
    return value


def text(given: Any) -> str:
    """Return a text that is not too long, empty for nothing."""
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > LONGEST_TEXT:
        raise ValueError("no text, or too long a one")
    return given


def items(given: Any) -> list[Any]:
    """Return a list that is not too long, empty for nothing."""
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > MOST_NUMBERS:
        raise ValueError("no list, or too long a one")
    return given
