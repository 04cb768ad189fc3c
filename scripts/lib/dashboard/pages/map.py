"""The map of the collection."""

from dash import Dash, dcc, html
from dash.development.base_component import Component

from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.tiles import tiles
from scripts.lib.view.snapshot import Snapshot

NAME, PATH = "Map", "/"


def layout(snapshot: Snapshot, context: Context) -> Component:
    """Return the page."""
    if snapshot.plane is None:
        return context.missing(snapshot, "projection", "map")
    points = {
        "type": "scattergl",
        "mode": "markers",
        "x": snapshot.plane[:, 0],
        "y": snapshot.plane[:, 1],
    }
    return html.Div(
        [
            dcc.Graph(id="map", figure={"data": [points], "layout": {"dragmode": "lasso"}}),
            html.Div(tiles(snapshot, range(min(20, len(snapshot)))), className="tiles"),
        ]
    )


def register(app: Dash, context: Context) -> None:
    """Add the callbacks."""
