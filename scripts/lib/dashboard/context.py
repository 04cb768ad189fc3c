"""What the pages of the dashboard share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dash import html
from dash.development.base_component import Component

from scripts.lib.dashboard.library import Library
from scripts.lib.dashboard.searching import Searching
from scripts.lib.view.snapshot import Snapshot


@dataclass(frozen=True)
class Context:
    """What the pages are about.

    command : returns the command that makes a target
    read_only : decisions and names can be looked at, not changed
    """

    library: Library
    command: Callable[[str], str]
    read_only: bool = False
    searching: Searching = field(default_factory=Searching)

    def missing(self, snapshot: Snapshot, artifact: str, what: str) -> Component:
        """Return a line that says what is missing or outdated, and which command makes it."""
        seen = snapshot.seen[artifact]
        state = f"There is no {what} yet." if seen.record is None else f"The {what} belongs to another order."
        return html.P([f"{state} ", html.Code(self.command(seen.target)), " makes it."], className="missing")
