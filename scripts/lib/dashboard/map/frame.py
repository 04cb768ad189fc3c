"""The map itself, with its tools; and what is said in its place where there is none."""

import shlex
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.map.detail_level import DRAWN_AT_MOST
from scripts.lib.view.snapshot import Snapshot

VIEWER = "embedding-atlas"  # a viewer for millions of points, a program of its own
GRAPH = {
    "displayModeBar": False,  # the tools above have names, and a keyboard reaches them
    "displaylogo": False,
    "doubleClick": False,  # what it does is in `assets/map.js`
    "scrollZoom": True,
    "responsive": True,
    "showTips": False,
    "topojsonURL": "",
    "plotlyServerURL": "",
}
TOOLS = (
    ("in", "+", "Zoom in", ""),
    ("out", "\u2212", "Zoom out", ""),
    ("home", "Whole map", "Show the whole map again", ""),
    ("view", "Select this part", "Select all images in the part that is shown", "only-flat"),
)
HELP = "Map. Arrow keys move it, plus and minus zoom, 0 shows all. The images below it are the same."


def frame(snapshot: Snapshot, context: Context) -> Component:
    """Return the map, or a line that says what makes one."""
    is_there = snapshot.plane is not None
    graph = dcc.Graph(
        id="map-graph", figure={"data": [], "layout": {}}, config=GRAPH, responsive=True, className="graph"
    )
    place = html.Div(graph, id="map-place", tabIndex=0, role="group", **{"aria-label": HELP})
    parts = [
        _tools(),
        place,
        html.P("The map is being drawn.", id="map-drawn", role="status"),
        *_larger(snapshot),
    ]
    shown = html.Div(parts, className="frame", hidden=not is_there)
    line = [] if is_there else [context.missing(snapshot, "projection", "map")]
    return html.Div([*line, shown], className="map")


def viewer_command(snapshot: Snapshot) -> str:
    """Return the command that opens the whole map in a viewer made for it."""
    table = snapshot.results.model / "collection.parquet"
    return f"{VIEWER} {shlex.quote(str(table))} --x u --y v --text path"


def _tools() -> Component:
    flat = [{"label": "2D", "value": 2}, {"label": "3D", "value": 3}]
    drags = [
        {"label": "Move", "value": "pan"},
        {"label": "Lasso", "value": "lasso"},
        {"label": "Box", "value": "select"},
    ]
    return html.Div(
        [
            _radio("map-dimensions", "Dimensions", flat, 2, ""),
            _radio("map-drag", "Dragging", drags, "pan", "only-flat"),
            *(
                html.Button(text, type="button", title=title, className=kind, **{"data-map-tool": name})
                for name, text, title, kind in TOOLS
            ),
        ],
        className="tools",
        role="toolbar",
        **{"aria-label": "Tools of the map"},
    )


def _radio(name: str, label: str, options: list[Any], value: Any, kind: str) -> Component:
    choices = dcc.RadioItems(options, value, id=name, inline=True, className="segments")
    return html.Div(choices, role="group", className=kind, **{"aria-label": label})


def _larger(snapshot: Snapshot) -> list[Component]:
    """Return how to see all points at once where that takes another program."""
    if len(snapshot) <= DRAWN_AT_MOST:
        return []
    told = ["All at once: ", html.Code("make collection"), " and then ", html.Code(viewer_command(snapshot))]
    return [html.P([*told, " (a program of its own)."], className="larger")]
