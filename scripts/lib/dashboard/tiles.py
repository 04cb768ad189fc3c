"""Small pictures to look at and to pick: the same on every page.

Whatever has an attribute `data-position` can be picked (`assets/picking.js`): the details of that file are
shown then.
"""

from collections.abc import Iterable

from dash import html
from dash.development.base_component import Component

from scripts.lib.dashboard.pictures import file_name, thumbnail_url
from scripts.lib.view.snapshot import Snapshot


def tile(snapshot: Snapshot, position: int, caption: str = "", chosen: bool = False) -> Component:
    """Return a small picture of a file, which can be picked."""
    name = file_name(snapshot, position)
    picture = html.Img(src=thumbnail_url(snapshot, position), alt=name)
    return html.Button(
        [picture, html.Span(caption, className="caption")] if caption else [picture],
        type="button",
        className="tile chosen" if chosen else "tile",
        title=f"{name}, place {position:,}",
        **{"data-position": str(position)},
    )


def tiles(snapshot: Snapshot, positions: Iterable[int]) -> list[Component]:
    """Return small pictures of files."""
    return [tile(snapshot, position) for position in positions]
