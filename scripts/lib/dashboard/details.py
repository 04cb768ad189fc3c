"""One image, large, with what is known of it, its place in the order, its like and its nearest neighbours.

The keyboard and the focus are taken care of in `assets/picking.js`.
"""

from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.pictures import file_name, image_url
from scripts.lib.dashboard.tiles import tile
from scripts.lib.run.visible import visible
from scripts.lib.view.facts import Duplicate, duplicates_of, facts_of
from scripts.lib.view.neighbors import Neighbors
from scripts.lib.view.shapes import Shapes
from scripts.lib.view.snapshot import Snapshot

NEIGHBORS = 12
BESIDE = 3  # files before and after it in the order
LIKE = 24  # files of equal content, or duplicates, that are shown
HIDDEN: list[Any] = [[], "", True, None, None]


def layout() -> Component:
    """Return the place of the details, which is empty until an image is picked."""
    bar = html.Div(
        [
            html.Button("‹", id="details-back", type="button", **{"aria-label": "The one before"}),
            html.Span(id="details-place", role="status"),
            html.Button("›", id="details-forth", type="button", **{"aria-label": "The next one"}),
            html.Button("Close", id="details-close", type="button", title="Escape"),
        ],
        className="details-bar",
    )
    return html.Aside(
        [bar, html.Div(id="details-content")],
        id="details",
        hidden=True,
        tabIndex=-1,
        **{"aria-labelledby": "details-title"},
    )


def register(app: Dash, context: Context) -> None:
    """Show the details of whatever is picked."""
    neighbors, shapes = Neighbors(), Shapes()

    @app.callback(
        Output("details-content", "children"),
        Output("details-place", "children"),
        Output("details", "hidden"),
        Output("details-back", "data-position"),
        Output("details-forth", "data-position"),
        Input("picked", "data"),
        State("generation", "data"),
    )
    def show(position: Any, generation: Any) -> list[Any]:
        if type(position) is not int:
            return HIDDEN
        snapshot = context.library.at(generation) if isinstance(generation, str) else None
        if snapshot is None:
            return [_gone(), "", False, None, None]
        if not 0 <= position < len(snapshot):
            return HIDDEN
        last = len(snapshot) - 1
        content = _details(snapshot, position, neighbors, shapes)
        return [content, f"{position:,} / {last:,}", False, max(0, position - 1), min(last, position + 1)]

    app.clientside_callback(
        "function(clicks) { return null; }",
        Output("picked", "data", allow_duplicate=True),
        Input("details-close", "n_clicks"),
        prevent_initial_call=True,
    )


def _gone() -> list[Component]:
    return [
        html.H2("There is a newer state", id="details-title"),
        html.P(["This state of the collection is no longer kept. ", html.A("Show the newer one", href="")]),
    ]


def _details(
    snapshot: Snapshot, position: int, neighbors: Neighbors, shapes: Shapes
) -> list[Component | str]:
    name, shape = file_name(snapshot, position), shapes.of(snapshot, position)
    near = neighbors.of(snapshot, position, NEIGHBORS)
    return [
        html.H2(name, id="details-title"),
        _picture(snapshot, position, name, shape),
        _links(snapshot, position),
        html.Dl(
            [
                part
                for term, text in facts_of(snapshot, position, shape)
                for part in (html.Dt(term), html.Dd(text))
            ]
        ),
        *_same_content(snapshot, position),
        *_duplicates(snapshot, position),
        html.H3("In the order"),
        _around(snapshot, position),
        html.H3("Nearest neighbours"),
        html.Div([tile(snapshot, each.position, f"{each.distance:.3g}") for each in near], className="tiles")
        if near
        else html.P("The neighbour graph is not there, or belongs to another order."),
    ]


def _picture(snapshot: Snapshot, position: int, name: str, shape: tuple[int, int] | None) -> Component:
    sides = {"width": shape[0], "height": shape[1]} if shape and min(shape) > 0 else {}
    return html.Div(html.Img(src=image_url(snapshot, position), alt=name, id="details-image", **sides))


def _links(snapshot: Snapshot, position: int) -> Component:
    play = {"data-play": str(position)}
    window = {"target": "_blank", "rel": "noreferrer"}
    return html.P(
        [
            html.A("Play from here", href=f"/order?at={position}&play=1", **play),
            dcc.Link("More like this", href=f"/search?like={position}"),
            html.A("Open in a window", href=image_url(snapshot, position), **window),
        ],
        className="details-links",
    )


def _around(snapshot: Snapshot, position: int) -> Component:
    places = range(max(0, position - BESIDE), min(len(snapshot), position + BESIDE + 1))
    shown = [tile(snapshot, each, f"{each:,}", each == position) for each in places]
    return html.Div(shown, className="tiles")


def _same_content(snapshot: Snapshot, position: int) -> list[Component]:
    places = snapshot.same_content(position)
    if not places:
        return []
    files = [
        html.Li(html.Button(visible(snapshot.path(each)), type="button", **{"data-position": str(each)}))
        for each in places[:LIKE]
    ]
    return [
        html.H3("Files of the same bytes"),
        html.Ul(files + [html.Li(each) for each in _rest(len(places))], className="files"),
    ]


def _duplicates(snapshot: Snapshot, position: int) -> list[Component | str]:
    group = duplicates_of(snapshot, position)
    if len(group) < 2:
        return []
    shown = [
        tile(snapshot, each.position, _verdict(each), each.position == position)
        for each in group[:LIKE]
        if each.position is not None
    ]
    return [html.H3("Duplicates"), html.Div(shown, className="tiles"), *_rest(len(group))]


def _verdict(duplicate: Duplicate) -> str:
    return f"{duplicate.kind or 'best'}, {'kept' if duplicate.kept else 'need not be kept'}"


def _rest(count: int) -> list[str]:
    return [f"and {count - LIKE:,} more"] if count > LIKE else []
