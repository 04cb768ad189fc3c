"""One image, large, with what is known of it, its place in the order and its nearest neighbours."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.pictures import file_name, image_url
from scripts.lib.dashboard.tiles import tile
from scripts.lib.run.visible import visible
from scripts.lib.view.neighbors import Neighbors
from scripts.lib.view.snapshot import Snapshot

NEIGHBORS = 12
BESIDE = 3  # files before and after it in the order


def layout() -> Component:
    """Return the place of the details, which is empty until an image is picked."""
    close = html.Button("Close", id="details-close", type="button", className="close")
    return html.Aside(
        [close, html.Div(id="details-content")], id="details", hidden=True, **{"aria-label": "Details"}
    )


def register(app: Dash, context: Context) -> None:
    """Show the details of whatever is picked."""
    neighbors = Neighbors()

    @app.callback(
        Output("details-content", "children"),
        Output("details", "hidden"),
        Input("picked", "data"),
        State("generation", "data"),
    )
    def show(position: int | None, generation: str) -> tuple[Any, Any]:
        snapshot = context.library.at(generation)
        if position is None or snapshot is None or not 0 <= position < len(snapshot):
            return no_update, True
        return _details(snapshot, position, neighbors), False

    app.clientside_callback(
        "function(clicks) { return null; }",
        Output("picked", "data", allow_duplicate=True),
        Input("details-close", "n_clicks"),
        prevent_initial_call=True,
    )


def _details(snapshot: Snapshot, position: int, neighbors: Neighbors) -> list[Component]:
    name = file_name(snapshot, position)
    facts = [part for term, text in facts_of(snapshot, position) for part in (html.Dt(term), html.Dd(text))]
    around = range(max(0, position - BESIDE), min(len(snapshot), position + BESIDE + 1))
    near = neighbors.of(snapshot, position, NEIGHBORS)
    return [
        html.H2(name),
        html.A(
            html.Img(src=image_url(snapshot, position), alt=name, id="details-image"),
            href=image_url(snapshot, position),
            target="_blank",
            title="Open it in a window of its own",
        ),
        html.Dl(facts),
        html.H3("In the order"),
        html.Div([tile(snapshot, each, f"{each:,}", each == position) for each in around], className="tiles"),
        html.H3("Nearest neighbours"),
        html.Div([tile(snapshot, each.position, f"{each.distance:.3g}") for each in near], className="tiles")
        if near
        else html.P("The neighbour graph is not there, or belongs to another order."),
    ]


def facts_of(snapshot: Snapshot, position: int) -> list[tuple[str, str]]:
    """Return what is known of a file, in words."""
    row = {name: snapshot.order[name][position].as_py() for name in ("size", "mtime_ns", "distance_to_next")}
    facts = [
        ("Place", f"{position:,} of {len(snapshot):,}"),
        ("File", visible(snapshot.path(position))),
    ]
    if row["size"] is not None:
        facts.append(("Size", f"{row['size']:,} bytes"))
    if row["mtime_ns"] is not None:
        facts.append(("Changed", f"{datetime.fromtimestamp(row['mtime_ns'] / 1e9, UTC):%Y-%m-%d %H:%M} UTC"))
    facts += _groups(snapshot, position)
    if row["distance_to_next"] is not None:
        facts.append(("To the next", f"{row['distance_to_next']:.4g}"))
    facts.append(("Content", snapshot.content_id(position).hex()))
    return facts


def _groups(snapshot: Snapshot, position: int) -> list[tuple[str, str]]:
    facts = []
    if snapshot.clusters is not None:
        code = int(snapshot.clusters.codes[position])
        facts.append(("Cluster", visible(snapshot.clusters.names[code]) if code >= 0 else "unclustered"))
    if snapshot.categories is not None and snapshot.probabilities is not None:
        code = int(snapshot.categories.codes[position])
        chances = snapshot.probabilities[snapshot.items[position]]
        best = np.argsort(-np.nan_to_num(chances), kind="stable")[:3]
        likely = ", ".join(f"{visible(snapshot.category_names[i])} {float(chances[i]):.0%}" for i in best)
        facts.append(("Category", f"{visible(snapshot.categories.names[code])} ({likely})"))
    if snapshot.labels is not None:
        facts.append(("Label", str(snapshot.labels[position].as_py())))
    return facts
