"""Where a source may lie by now: moved into the other output of its collection, renamed there, or back.

A copy knows its source by the place that it had when the copy was made. If the other output has moved that
file since, or given it back, its ledger has every place that it gave to it. Those are places to look at, no
more: what lies there has to be compared.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.lib.output.ledger import State
from scripts.lib.output.moved import read_into, tells_of_moves
from scripts.lib.output.placement import OutputFolder

Whereabouts = Callable[[bytes], Sequence[bytes]]


@dataclass
class Travels(State):
    """What the lines of a ledger add up to, and every name that it gave to a file that was moved there."""

    names: dict[bytes, set[bytes]] = field(default_factory=lambda: defaultdict(set))  # by former places

    def apply(self, line: dict[str, Any]) -> None:
        """Take one line into account."""
        super().apply(line)
        intent = self.pending.get(line.get("intent", -1))
        if intent and intent.file and (intent.deed == "take" or intent.file.kind == "move"):
            self.names[intent.file.source] |= {intent.here, intent.there} - {b""}


def nowhere_else(source: bytes) -> Sequence[bytes]:
    """Tell that a source was never moved."""
    return ()


def whereabouts(output: Path, name: str) -> Whereabouts:
    """Return what tells where else a source may lie, by what a collection moved into an output folder.

    Raises
    ------
    OutputError
        when the folder's ledger is damaged.
    """
    if not tells_of_moves(output):
        return nowhere_else
    with OutputFolder(output) as folder:
        travels = read_into(folder, Travels())
        home = os.fsencode(folder.path)
    if travels.name != name:
        return nowhere_else
    places = {former: [os.path.join(home, each) for each in names] for former, names in travels.names.items()}
    formers: dict[bytes, list[bytes]] = defaultdict(list)
    for former, known in places.items():
        for place in known:
            formers[place].append(former)
    return lambda source: _elsewhere(source, places, formers)


def _elsewhere(
    source: bytes, places: dict[bytes, list[bytes]], formers: dict[bytes, list[bytes]]
) -> Sequence[bytes]:
    first = [source, *formers.get(source, ())]
    return [*first[1:], *(place for former in first for place in places.get(former, ()))]
