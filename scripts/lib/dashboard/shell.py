"""The frame around the pages: title, navigation, details of the picked image, word of a newer state."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from flask import Flask

from scripts.lib.dashboard import details
from scripts.lib.dashboard.context import Context
from scripts.lib.run.visible import visible
from scripts.lib.view.artifacts import artifact_path
from scripts.lib.view.snapshot import Snapshot
from scripts.lib.words import counted

ASSETS = Path(__file__).parent / "assets"
LOOK_MILLISECONDS = 5_000  # between two looks for a newer state
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>
"""
SHOW_PAGE = """
function(path) {
    const paths = %s;
    const shown = paths.includes(path) ? path : paths[0];
    for (const each of document.querySelectorAll("nav a")) {
        each.toggleAttribute("aria-current", each.getAttribute("href") === shown);
    }
    return paths.map(each => each !== shown);
}
"""


class Page(Protocol):
    """A page: a module with these."""

    NAME: str  # in the navigation
    PATH: str  # in the address, / for the first

    def layout(self, snapshot: Snapshot, context: Context) -> Component:
        """Return what is on the page; it is asked for when the dashboard is opened or reloaded."""

    def register(self, app: Dash, context: Context) -> None:
        """Add the callbacks of the page."""


def make_app(context: Context, pages: Sequence[Page]) -> Dash:
    """Return the dashboard, to be served."""
    app = Dash(
        "seriatim",
        server=Flask("seriatim", static_folder=None),
        assets_folder=str(ASSETS),
        title=f"{context.library.results.name} · Seriatim",
        update_title=None,
        enable_mcp=False,
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.index_string = INDEX
    app.layout = lambda: _layout(context, pages)
    details.register(app, context)
    for page in pages:
        page.register(app, context)
    _show_pages(app, pages)
    _tell_of_newer(app, context)
    return app


def _layout(context: Context, pages: Sequence[Page]) -> Component:
    snapshot = context.library.refresh()
    if snapshot is None:
        return html.Main([html.H1("Nothing to see yet"), _nothing(context)])
    shown = [
        html.Section(
            _content(page, snapshot, context), id=_page_id(page), hidden=True, **{"aria-label": page.NAME}
        )
        for page in pages
    ]
    return html.Div(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="generation", data=snapshot.generation),
            dcc.Store(id="picked"),
            dcc.Interval(id="look", interval=LOOK_MILLISECONDS),
            _header(snapshot, pages),
            html.Div(id="newer", hidden=True, role="status"),
            html.Main([html.Div(shown, id="pages"), details.layout()]),
        ],
        id="shell",
    )


def _content(page: Page, snapshot: Snapshot, context: Context) -> Component:
    """Return what is on a page; one that fails must not take the others with it."""
    try:
        return page.layout(snapshot, context)
    except Exception:
        logging.getLogger(__name__).exception("the page %s can't be shown", page.NAME)
        return html.P(f"{page.NAME} can't be shown; where the dashboard was started, it says why.")


def _nothing(context: Context) -> Component:
    return html.P(["There is no order yet. ", html.Code(context.command("all")), " makes one; then reload."])


def _header(snapshot: Snapshot, pages: Sequence[Page]) -> Component:
    results = snapshot.results
    count = f"{counted(len(snapshot), 'image')} by {results.config['model']}"
    links = [dcc.Link(page.NAME, href=page.PATH) for page in pages]
    return html.Header(
        [
            html.H1(visible(results.name)),
            html.P(visible(count), className="count"),
            html.Nav(links, **{"aria-label": "Pages"}),
        ]
    )


def _page_id(page: Page) -> str:
    return f"page-{page.NAME.lower()}"


def _show_pages(app: Dash, pages: Sequence[Page]) -> None:
    paths = [page.PATH for page in pages]
    app.clientside_callback(
        SHOW_PAGE % paths,
        [Output(_page_id(page), "hidden") for page in pages],
        Input("url", "pathname"),
    )


def _tell_of_newer(app: Dash, context: Context) -> None:
    @app.callback(
        Output("newer", "children"),
        Output("newer", "hidden"),
        Input("look", "n_intervals"),
        State("generation", "data"),
        prevent_initial_call=True,
    )
    def look(_: int, generation: str) -> tuple[list[Component | str], bool]:
        if context.library.newest() == generation:
            return [], True
        if not artifact_path(context.library.results, "order").exists():
            return ["The results of this collection are gone. What was read of them is still shown."], False
        link = html.A("Show it", href="", id="newer-show")
        return ["There is a newer state of this collection. ", link], False
