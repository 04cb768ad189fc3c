"""Search: by an image file, by words, by both, or by an image of the collection."""

import base64
import binascii
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.searching import Searching
from scripts.lib.dashboard.tiles import tile
from scripts.lib.errors import InputError, SeriatimError
from scripts.lib.run.visible import visible
from scripts.lib.search.hits import Hit
from scripts.lib.search.query import Query
from scripts.lib.view.snapshot import Snapshot

NAME, PATH = "Search", "/search"
UPLOAD_BYTES = 30_000_000
USUAL, MOST = 24, 500  # images that are shown
EVENLY = 0.5  # what words weigh beside an image


class Asked(NamedTuple):
    """What is in the form."""

    text: str | None
    upload: str | None  # a data URL
    place: int | None
    words: float  # their share beside an image
    most: int


def layout(snapshot: Snapshot, context: Context) -> Component:
    """Return the page."""
    return html.Div(
        [
            html.H2("Search"),
            html.P(
                "Words, an image of yours, both, or one of the collection: what resembles it comes first."
            ),
            html.Div(
                [_text_field(), _upload_field(), _place_field(), _words_field(), _count_field()],
                className="search-form",
            ),
            html.Div(
                [
                    html.Button("Search", id="search-go", type="button", className="primary"),
                    html.Button("Clear", id="search-clear", type="button"),
                ],
                className="buttons",
            ),
            html.Div([html.P(id="search-said"), html.P(id="search-busy")], role="status"),
            html.Div(id="search-hits", className="tiles"),
        ]
    )


def _text_field() -> Component:
    field = dcc.Input(
        id="search-text", type="text", placeholder="a red boat on a lake", maxLength=300, autoComplete="off"
    )
    return html.Div([html.Label("Words", htmlFor="search-text"), field, html.P(id="search-no-words")])


def _upload_field() -> Component:
    inside = html.Button("Choose an image, or drop it here", type="button", id="search-choose")
    upload = dcc.Upload(inside, id="search-upload", max_size=UPLOAD_BYTES, className="upload")
    parts = [html.Span("An image of yours", className="label"), upload, html.P(id="search-file")]
    return html.Div(parts, **{"data-most-bytes": str(UPLOAD_BYTES)})


def _place_field() -> Component:
    field = dcc.Input(id="search-place", type="number", min=0, step=1, debounce=True)
    return html.Div([html.Label("Or a place in the order", htmlFor="search-place"), field])


def _words_field() -> Component:
    field = dcc.Input(id="search-weight", type="range", min=0, max=1, step=0.05, value=EVENLY)
    label = html.Label("Beside an image, words weigh", htmlFor="search-weight")
    ends = html.Div([html.Span("nothing"), html.Span("all")], className="ends")
    return html.Div([label, field, ends])


def _count_field() -> Component:
    field = dcc.Input(id="search-count", type="number", min=1, max=MOST, step=1, value=USUAL, debounce=True)
    return html.Div([html.Label("Images to show", htmlFor="search-count"), field])


def register(app: Dash, context: Context) -> None:
    """Add the callbacks."""
    searching = context.searching
    _say_what_can_be_searched(app, context, searching)
    _take_from_address(app)
    _clear(app)

    @app.callback(
        Output("search-hits", "children"),
        Output("search-said", "children"),
        Input("search-go", "n_clicks"),
        Input("search-text", "n_submit"),
        Input("search-upload", "contents"),
        Input("search-place", "value"),
        Input("search-count", "value"),
        State("search-text", "value"),
        State("search-weight", "value"),
        State("generation", "data"),
        running=[
            (Output("search-go", "disabled"), True, False),
            (Output("search-busy", "children"), "Searching; the first time the model is loaded ...", ""),
        ],
        prevent_initial_call=True,
    )
    def run(
        _clicks: Any,
        _submits: Any,
        upload: Any,
        place: Any,
        count: Any,
        text: Any,
        words: Any,
        generation: str,
    ) -> tuple[Any, str]:
        snapshot = context.library.at(generation)
        if snapshot is None:
            return no_update, "This state of the collection is no longer kept; reload the page."
        asked = Asked(text, upload, place, float(EVENLY if words is None else words), count)
        try:
            return answer(snapshot, searching, asked)
        except SeriatimError as error:
            return [], visible(str(error))


def answer(snapshot: Snapshot, searching: Searching, asked: Asked) -> tuple[list[Component], str]:
    """Return the images that are found, and what is said of them."""
    if not (asked.text or asked.upload or asked.place is not None):
        return [], "Write some words, or choose an image."
    query = query_of(snapshot, asked)
    count = min(asked.most, MOST) if isinstance(asked.most, int) and asked.most > 0 else USUAL
    hits = [hit for hit in searching.engine(snapshot).search(query, count) if hit.position >= 0]
    found = [_hit(snapshot, hit) for hit in hits]
    if not asked.upload and asked.place is not None:
        found.insert(0, tile(snapshot, asked.place, "looked for", chosen=True))
    return found, f"{len(hits):,} images, the most similar first."


def query_of(snapshot: Snapshot, asked: Asked) -> Query:
    """Return what is looked for.

    Raises
    ------
    InputError
        where the form holds no such thing.
    """
    image, item = None, None
    if asked.upload:
        image = uploaded(asked.upload)
    elif asked.place is not None:
        if not isinstance(asked.place, int) or not 0 <= asked.place < len(snapshot):
            raise InputError(f"There is no place {asked.place}: they go from 0 to {len(snapshot) - 1:,}.")
        item = int(snapshot.items[asked.place])
    text = (asked.text or "").strip() or None
    if text is None or (image is None and item is None):
        return Query(image, text, item)
    return Query(image, text, item, image_weight=1 - asked.words, text_weight=asked.words)


def uploaded(url: str) -> bytes:
    """Return the bytes of a file that a browser sent as a data URL."""
    try:
        return base64.b64decode(url.partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("The file did not arrive whole; choose it again.") from error


def _hit(snapshot: Snapshot, hit: Hit) -> Component:
    more = f", {hit.files} files" if hit.files > 1 else ""
    return tile(snapshot, hit.position, f"{hit.similarity:.3f}{more}")


def _say_what_can_be_searched(app: Dash, context: Context, searching: Searching) -> None:
    """Say why words or image files can't be searched for, once the page is looked at."""

    @app.callback(
        Output("search-no-words", "children"),
        Output("search-text", "disabled"),
        Output("search-file", "children"),
        Output("search-upload", "disabled"),
        Input("url", "pathname"),
        Input("search-upload", "filename"),
        State("generation", "data"),
    )
    def say(path: str, name: str | None, generation: str) -> tuple[Any, Any, Any, Any]:
        snapshot = context.library.at(generation)
        if path != PATH or snapshot is None:
            return no_update, no_update, no_update, no_update
        words, files = searching.refusal(snapshot, "text"), searching.refusal(snapshot, "image")
        chosen = f"Chosen: {visible(name)}" if name else ""
        return visible(words or ""), bool(words), visible(files or chosen), bool(files)


def _take_from_address(app: Dash) -> None:
    """Search for what an address such as /search?like=17 says, which details lead to."""

    @app.callback(
        Output("search-place", "value"),
        Output("search-upload", "contents"),
        Output("search-upload", "filename"),
        Output("search-text", "value"),
        Input("url", "search"),
        State("url", "pathname"),
    )
    def take(words: str | None, path: str) -> tuple[Any, Any, Any, Any]:
        place = parse_qs((words or "").lstrip("?")).get("like", [""])[0]
        if path != PATH or not place.isdecimal() or len(place) > 12:
            return no_update, no_update, no_update, no_update
        return int(place), None, None, ""


def _clear(app: Dash) -> None:
    app.clientside_callback(
        "function(clicks) { return [null, null, null, '', [], '']; }",
        Output("search-place", "value", allow_duplicate=True),
        Output("search-upload", "contents", allow_duplicate=True),
        Output("search-upload", "filename", allow_duplicate=True),
        Output("search-text", "value", allow_duplicate=True),
        Output("search-hits", "children", allow_duplicate=True),
        Output("search-said", "children", allow_duplicate=True),
        Input("search-clear", "n_clicks"),
        prevent_initial_call=True,
    )
