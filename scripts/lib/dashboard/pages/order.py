"""The order as a film: one image large, those around it as a strip, and where the collection breaks.

The page moves by itself (`assets/filmstrip.js`); the server gives it pictures, names and one curve.
"""

from math import isnan
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from flask import Response, abort, jsonify

from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.pictures import PLACE, file_name
from scripts.lib.view.curve import curve
from scripts.lib.view.snapshot import Snapshot

NAME, PATH = "Order", "/order"
STRETCHES = 1_000  # of the curve, about the pixels that there are
NAMES = 200  # that a page asks for at a time


def layout(snapshot: Snapshot, context: Context) -> Component:
    """Return the page."""
    if not len(snapshot):
        return html.P("There is no image in this order.")
    return html.Div([html.Div(id="film"), dcc.Store(id="film-facts", data=facts(snapshot))])


def facts(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the page has to know of an order at once."""
    found = curve(snapshot.distances, STRETCHES)
    heights = [float(f"{height:.4g}") for height in found.heights.tolist()]
    return {"count": len(snapshot), "heights": heights, "places": found.places.tolist(), "names": NAMES}


def names(snapshot: Snapshot, start: int) -> list[tuple[str, float | None]]:
    """Return names and distances to the next, from a place on."""
    stop = min(len(snapshot), start + NAMES)
    distances = snapshot.distances[start:stop].tolist()
    return [
        (file_name(snapshot, place), None if isnan(distance) else distance)
        for place, distance in zip(range(start, stop), distances, strict=True)
    ]


def register(app: Dash, context: Context) -> None:
    """Add the callback that starts the film, and what it asks for."""
    app.clientside_callback(
        ClientsideFunction("film", "show"),
        Output("film", "title"),
        Input("url", "pathname"),
        Input("url", "search"),
        State("generation", "data"),
        State("film-facts", "data"),
    )

    @app.server.get("/order/names/<generation>/<start>")
    def names_from(generation: str, start: str) -> Response:
        snapshot = context.library.at(generation)
        if snapshot is None or not PLACE.fullmatch(start) or int(start) >= len(snapshot):
            abort(404)
        answer: Response = jsonify(names(snapshot, int(start)))
        return answer
