"""The map of the collection: filters, points, and the images that are selected."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.map import controls, gallery
from scripts.lib.dashboard.map.chosen import Chosen, Question
from scripts.lib.dashboard.map.detail_level import is_whole
from scripts.lib.dashboard.map.drawing import View, drawing
from scripts.lib.dashboard.map.export import serve_exports
from scripts.lib.dashboard.map.frame import frame
from scripts.lib.dashboard.map.legend import legend
from scripts.lib.view.snapshot import Snapshot

NAME, PATH = "Map", "/"
STORES = ("theme", "filters", "selection", "window", "turned", "drawing", "dragging")
FILTERS = {  # and which property of the control has the value
    "clusters": "data",
    "category": "data",
    "probability": "value",
    "path": "value",
    "folder": "data",
    "label": "value",
}


def layout(snapshot: Snapshot, context: Context) -> Component:
    """Return the page."""
    side = [controls.colour_panel(snapshot, context), controls.filter_panel(snapshot, context)]
    return html.Div(
        [
            *(dcc.Store(id=f"map-{name}") for name in STORES),
            html.Div(side, className="side"),
            frame(snapshot, context),
            gallery.layout(),
        ],
        id="map-page",
        className="flat",
    )


def register(app: Dash, context: Context) -> None:
    """Add the callbacks."""
    chosen = Chosen()
    serve_exports(app.server, context.library, chosen)
    _in_the_browser(app)
    _draw(app, context, chosen)
    _tell(app, context, chosen)
    _show(app, context, chosen)


def _in_the_browser(app: Dash) -> None:
    """Add what needs no server; the functions are in `assets/map.js`."""

    def add(function: str, output: Output | list[Output], *more: Input | State, first: bool = True) -> None:
        app.clientside_callback(
            ClientsideFunction("map", function), output, *more, prevent_initial_call=not first
        )

    values = [(f"map-{name}", value) for name, value in FILTERS.items()]
    selection = Output("map-selection", "data", allow_duplicate=True)
    add("theme", Output("map-theme", "data"), Input("generation", "data"))
    add("filters", Output("map-filters", "data"), *(Input(*each) for each in values))
    add("named", Output("map-cluster-names", "children"), Input("map-clusters", "data"), first=False)
    add("least", Output("map-least", "children"), Input("map-probability", "value"))
    add("cleared", [Output(*each) for each in values], Input("map-clear", "n_clicks"), first=False)
    add("nothing", selection, Input("map-unselect", "n_clicks"), first=False)
    add("figure", Output("map-graph", "figure"), Input("map-drawing", "data"))
    add("drag", Output("map-dragging", "data"), Input("map-drag", "data"), first=False)
    add("dimensions", Output("map-page", "className"), Input("map-dimensions", "data"))
    turning = [Input("map-previous", "n_clicks"), Input("map-next", "n_clicks")]
    asked = [Input("map-filters", "data"), Input("map-selection", "data")]
    add("turn", Output("map-turned", "data"), *turning, *asked, State("map-turned", "data"))


def _asked(context: Context, generation: str, filters: Any, selection: Any) -> tuple[Snapshot, Question]:
    """Return the snapshot that a browser shows, and its question; nothing happens where that is nonsense."""
    snapshot = context.library.at(generation)
    if snapshot is None or filters is None:
        raise PreventUpdate
    try:
        return snapshot, Question.read({"filters": filters, "selection": selection})
    except (ValueError, TypeError) as error:
        raise PreventUpdate from error


def _draw(app: Dash, context: Context, chosen: Chosen) -> None:
    @app.callback(
        Output("map-drawing", "data"),
        Output("map-drawn", "children"),
        Input("map-colour", "data"),
        Input("map-dimensions", "data"),
        Input("map-theme", "data"),
        Input("map-filters", "data"),
        Input("map-selection", "data"),
        Input("map-window", "data"),
        State("generation", "data"),
    )
    def draw(
        key: Any, dimensions: Any, theme: Any, filters: Any, selection: Any, window: Any, generation: str
    ) -> tuple[Any, str]:
        snapshot, question = _asked(context, generation, filters, selection)
        places = snapshot.plane if dimensions == 2 else snapshot.space
        if places is None:
            raise PreventUpdate
        if ctx.triggered_id == "map-window" and (
            dimensions != 2 or is_whole(chosen.passing(snapshot, question))
        ):
            raise PreventUpdate
        drawn = drawing(snapshot, places, chosen, question, View.read(key, theme, window))
        return drawn.figure(), drawn.sentence()


def _tell(app: Dash, context: Context, chosen: Chosen) -> None:
    @app.callback(
        Output("map-legend", "children"),
        Output("map-count", "children"),
        Input("map-colour", "data"),
        Input("map-theme", "data"),
        Input("map-filters", "data"),
        Input("map-selection", "data"),
        State("generation", "data"),
    )
    def tell(key: Any, theme: Any, filters: Any, selection: Any, generation: str) -> tuple[Any, str]:
        snapshot, question = _asked(context, generation, filters, selection)
        passes, view = chosen.passing(snapshot, question), View.read(key, theme, None)
        colours = chosen.colouring(snapshot, view.key)
        count = f"{int(passes.sum()):,} of {len(snapshot):,} images pass."
        return legend(colours, view.key, view.theme, passes, question.selection), count


def _show(app: Dash, context: Context, chosen: Chosen) -> None:
    @app.callback(
        Output("map-tiles", "children"),
        Output("map-chosen", "children"),
        Output("map-pages", "children"),
        Output("map-exports", "children"),
        Output("map-previous", "disabled"),
        Output("map-next", "disabled"),
        Output("map-unselect", "hidden"),
        Input("map-filters", "data"),
        Input("map-selection", "data"),
        Input("map-turned", "data"),
        State("generation", "data"),
    )
    def show(filters: Any, selection: Any, turned: Any, generation: str) -> tuple[Any, ...]:
        snapshot, question = _asked(context, generation, filters, selection)
        page = gallery.gallery(snapshot, chosen, question, turned if isinstance(turned, int) else 0)
        return *page, not question.selection
