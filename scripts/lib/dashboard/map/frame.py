"""The map itself, with its tools; and what is said in its place where there is none."""

import shlex

from dash import dcc, html
from dash.development.base_component import Component

from scripts.lib.dashboard.choices import Option, one_of
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.map.detail_level import DRAWN_AT_MOST
from scripts.lib.view.snapshot import Snapshot

VIEWER = "embedding-atlas"  # a viewer for millions of points, a program of its own
FINELY = 30_000  # points that are drawn at twice the resolution of the screen; it takes four times as long
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
HINT = "A point shows its picture under the pointer, and all that is known of it on a click."
HELP = "Map. Arrow keys move it, plus and minus zoom, 0 shows all. The images below it are the same."


def frame(snapshot: Snapshot, context: Context) -> Component:
    """Return the map, or a line that says what makes one."""
    is_there = snapshot.plane is not None
    config = GRAPH | {"plotGlPixelRatio": 1 if len(snapshot) > FINELY else 2}
    graph = dcc.Graph(
        id="map-graph", figure={"data": [], "layout": {}}, config=config, responsive=True, className="graph"
    )
    place = html.Div(graph, id="map-place", tabIndex=0, role="group", **{"aria-label": HELP})
    drawn = html.P("The map is being drawn.", id="map-drawn", role="status")
    parts = [
        _tools(),
        place,
        html.Div([drawn, html.P(HINT)], className="foot"),
        *_larger(snapshot, context),
    ]
    shown = html.Div(parts, className="frame", hidden=not is_there)
    line = [] if is_there else [context.missing(snapshot, "projection", "map")]
    return html.Div([*line, shown], className="map")


def viewer_command(snapshot: Snapshot) -> str:
    """Return the command that opens the whole map in a viewer made for it."""
    table = snapshot.results.model / "collection.parquet"
    return f"{VIEWER} {shlex.quote(str(table))} --x u --y v --text path"


def _tools() -> Component:
    plane = [Option(2, "2D"), Option(3, "3D")]
    drags = [Option("pan", "Move"), Option("lasso", "Lasso"), Option("select", "Box")]
    buttons = [
        html.Button(text, type="button", title=title, className=kind, **{"data-map-tool": name})
        for name, text, title, kind in TOOLS
    ]
    drag = html.Div(one_of("map-drag", "What dragging does", drags, "pan"), className="only-flat")
    parts = [one_of("map-dimensions", "Dimensions", plane, 2), drag, *buttons]
    return html.Div(parts, className="map-tools", role="group", **{"aria-label": "Tools of the map"})


def _larger(snapshot: Snapshot, context: Context) -> list[Component]:
    """Return how to see all points at once where that takes another program."""
    if len(snapshot) <= DRAWN_AT_MOST:
        return []
    told = [
        "All at once: ",
        html.Code(context.command("collection")),
        " and then ",
        html.Code(viewer_command(snapshot)),
    ]
    return [html.P([*told, " (a program of its own)."], className="larger")]
