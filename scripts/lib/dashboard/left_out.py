"""The files that are not in the order: how many for which reason, and all of them, page by page."""

from typing import Any

import pyarrow as pa
from dash import Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from scripts.lib.dashboard.context import Context
from scripts.lib.run.visible import visible
from scripts.lib.view.left_out import left_out
from scripts.lib.view.overview import left_out_of
from scripts.lib.words import counted

ROWS = 20  # on a page


def layout(rejected: pa.Table | None) -> list[Component]:
    """Return the section.

    rejected : path, kind, status, error; None where it is not known
    """
    if rejected is None:
        return [html.P("Whether files were left out is not known: rejected.csv is not there.")]
    if not len(rejected):
        return [html.P("No file was left out.")]
    found = left_out(rejected)
    reasons = [
        html.Li(f"{counted(each.files, each.kind)}: {visible(each.error or each.status)}")
        for each in found.reasons
    ]
    more = [html.Li(f"and {counted(found.more_reasons, 'other reason')}")] if found.more_reasons else []
    turn = [
        html.Button("Earlier", id="left-out-earlier", type="button"),
        html.Button("Later", id="left-out-later", type="button"),
        html.Span(range_words(rejected, 0), id="left-out-range", role="status"),
    ]
    return [
        html.Ul(reasons + more),
        html.Ol(rows(rejected, 0), id="left-out-rows", className="files"),
        html.Div(turn, className="turn", hidden=len(rejected) <= ROWS),
        dcc.Store(id="left-out-start", data=0),
    ]


def rows(rejected: pa.Table, start: int) -> list[Component]:
    """Return the files of a page, each with the reason."""
    return [
        html.Li([html.Code(visible(row["path"])), f" {visible(row['error'] or row['status'])}"])
        for row in rejected.slice(start, ROWS).to_pylist()
    ]


def range_words(rejected: pa.Table, start: int) -> str:
    """Say which files are shown."""
    return f"{start + 1:,} to {min(len(rejected), start + ROWS):,} of {len(rejected):,}"


def turned(start: int, count: int, later: bool) -> int:
    """Return where the next page, or the one before, starts; there is always one."""
    last = max(0, count - 1) // ROWS * ROWS
    return min(last, max(0, start + (ROWS if later else -ROWS)))


def register(app: Dash, context: Context) -> None:
    """Turn pages."""

    @app.callback(
        Output("left-out-rows", "children"),
        Output("left-out-range", "children"),
        Output("left-out-start", "data"),
        Input("left-out-earlier", "n_clicks"),
        Input("left-out-later", "n_clicks"),
        State("left-out-start", "data"),
        State("generation", "data"),
        prevent_initial_call=True,
    )
    def turn(earlier: Any, later: Any, start: Any, generation: Any) -> tuple[Any, Any, Any]:
        snapshot = context.library.at(generation) if isinstance(generation, str) else None
        rejected = None if snapshot is None else left_out_of(snapshot)
        if rejected is None or type(start) is not int:
            return no_update, no_update, no_update
        place = turned(start, len(rejected), ctx.triggered_id == "left-out-later")
        return rows(rejected, place), range_words(rejected, place), place
