"""What a user may have meant by a name that does not exist."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the three known names that look most like a name, in any case, for a message."""
    lower = {each.lower(): each for each in known}
    return ", ".join(lower[each] for each in difflib.get_close_matches(name.lower(), lower, cutoff=0.3))
