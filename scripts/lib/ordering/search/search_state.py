"""A search in the middle of its work, kept beside its result, so that a killed one goes on from there.

Written every half minute, atomically. When does not matter to what comes out: the search that
goes on from a state takes the same steps as the one that was interrupted.
"""

import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.ordering.vectors import Ints


class SearchState(NamedTuple):
    """Where a search stands.

    tour : (n + 1,) int32, the nodes in the order of the tour
    waiting : (m,) int32, the nodes still to be looked at, the first first
    kicks : how many of all kicks have been tried
    """

    tour: Ints
    waiting: Ints
    kicks: int


@dataclass
class StateFile:
    """The file of a search's state.

    purpose : names inputs, settings and version; a state that was written for another is not taken
    seconds : between two writes
    """

    path: Path
    purpose: str
    seconds: float = 30.0
    written: float = field(default_factory=time.monotonic)

    def is_due(self) -> bool:
        """Tell whether it is time to write the state."""
        return time.monotonic() - self.written >= self.seconds

    def write(self, state: SearchState) -> None:
        """Replace the state."""
        with replacing(self.path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, purpose=np.array(self.purpose), **state._asdict())
        self.written = time.monotonic()

    def read(self) -> SearchState | None:
        """Return the state, or None where there is none of this search."""
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as fields:
                if str(fields["purpose"]) != self.purpose:
                    return None
                return SearchState(fields["tour"], fields["waiting"], int(fields["kicks"]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def remove(self) -> None:
        """Forget the state of a search that has come to its end."""
        self.path.unlink(missing_ok=True)
