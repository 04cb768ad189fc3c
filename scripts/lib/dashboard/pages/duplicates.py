"""Duplicates, reviewed side by side: what is proposed is accepted or overruled, and that is saved at once."""

from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from scripts.lib.dashboard.actions import action
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.pages.duplicate_files import group_view, pictures_of
from scripts.lib.dashboard.pages.duplicate_list import filters, group_list, progress, ways
from scripts.lib.dashboard.pages.duplicate_state import (
    ACT,
    VIEW,
    Reviewed,
    Reviews,
    View,
    decisions_file,
    view_of,
)
from scripts.lib.duplicates.decisions import FILE, KEEP
from scripts.lib.duplicates.review import ACCEPT, ACTS, ALL, ONLY, UNDO, decide
from scripts.lib.errors import InputError, SeriatimError
from scripts.lib.run.visible import visible
from scripts.lib.view.snapshot import Snapshot

NAME, PATH = "Duplicates", "/duplicates"
READ_ONLY = "This dashboard is read-only: nothing can be decided here."
NEWER = "There is a newer state of this collection: reload the page."
GOES_ON = (ACCEPT, ALL, ONLY)  # acts after which the next group is shown
DONE = {
    ACCEPT: "the proposal is accepted",
    ALL: "all files are kept",
    ONLY: "one file is kept",
    UNDO: "there is no decision",
}

_reviews = Reviews()


def layout(snapshot: Snapshot, context: Context) -> Component:
    """Return the page."""
    reviewed = _reviews.now(snapshot, context)
    if reviewed is None:
        return context.missing(snapshot, "duplicates", "list of duplicates")
    if not len(reviewed.review):
        return html.Div([html.H2("Duplicates"), html.P("There are none.")])
    view = View()
    return html.Div(
        [
            dcc.Store(id=VIEW, data=view._asdict()),
            dcc.Store(id=ACT),
            html.Div(page_now(reviewed, view, context), id="duplicates-page"),
            html.Div(id="duplicates-said", role="status", className="said"),
        ]
    )


def page_now(reviewed: Reviewed, view: View, context: Context) -> list[Component | None]:
    """Return what is on the page."""
    groups = reviewed.groups(view.filter)
    inside = (
        group_view(reviewed, view)
        if len(groups)
        else [html.P("There is no such group.", className="missing")]
    )
    return [
        html.Div([html.H2("Duplicates"), progress(reviewed)], className="page-tools"),
        _about(reviewed, context),
        _problems(reviewed),
        html.Div([filters(reviewed, view), ways(view, groups)], className="page-tools"),
        html.Div(
            [
                html.Nav(
                    group_list(reviewed, view, groups), className="group-list", **{"aria-label": "Groups"}
                ),
                html.Section(inside, className="group", **{"aria-label": "Group"}),
            ],
            className="review",
        ),
        *_ahead(reviewed, view, groups),
    ]


def _about(reviewed: Reviewed, context: Context) -> Component:
    """Say what becomes of decisions, or why there can be none."""
    if reviewed.trouble:
        return html.P(f"Nothing can be decided here: {reviewed.trouble}", className="trouble")
    if context.read_only:
        return html.P(READ_ONLY, className="missing")
    return html.Details(
        [
            html.Summary("Nothing is deleted. What becomes of decisions"),
            html.P(["They are saved at once, in ", html.Code(FILE), "."]),
            html.P([html.Code(context.command("duplicates")), " takes them into the tables and the report."]),
            html.P(
                [
                    html.Code(f"{context.command('all')} --config duplicates=skip"),
                    " sorts without a copy of what is dropped. Originals stay where they are.",
                ]
            ),
        ]
    )


def _problems(reviewed: Reviewed) -> Component | None:
    """Tell the rows of the table of decisions that mean nothing; they stay in it."""
    problems = reviewed.decisions.problems
    if not problems:
        return None
    told = "; ".join(problems[:3]) + (f"; and {len(problems) - 3:,} more" if len(problems) > 3 else "")
    return html.P(f"Not understood, and left as it is: {visible(told)}.", className="trouble")


def _ahead(reviewed: Reviewed, view: View, groups: Any) -> list[Component]:
    """Return the pictures of the next group, unseen, so that they are there when it is shown."""
    after = groups[groups > view.group]
    if not len(after):
        return []
    pictures = pictures_of(reviewed, int(after[0]), reviewed.review.files(int(after[0]))[:4])
    return [html.Div([html.Img(src=each.source, alt="") for each in pictures], hidden=True)]


def register(app: Dash, context: Context) -> None:
    """Add the callbacks of the page."""

    @app.callback(
        Output("duplicates-page", "children"),
        Input(VIEW, "data"),
        State("generation", "data"),
        prevent_initial_call=True,
    )
    def show(asked: Any, generation: str) -> Any:
        snapshot = context.library.at(generation)
        reviewed = None if snapshot is None else _reviews.now(snapshot, context)
        if reviewed is None:
            return no_update
        return page_now(reviewed, shown_view(reviewed, asked), context)

    @app.callback(
        Output("duplicates-said", "children"),
        Output(VIEW, "data"),
        Input(ACT, "data"),
        State("generation", "data"),
        prevent_initial_call=True,
    )
    def act(asked: Any, generation: str) -> tuple[Any, Any]:
        snapshot = context.library.at(generation)
        reviewed = None if snapshot is None else _reviews.now(snapshot, context)
        if snapshot is None or reviewed is None or not isinstance(asked, dict):
            return NEWER, no_update
        try:
            return acted(context, reviewed, asked)
        except (SeriatimError, OSError) as error:
            return f"Not saved: {visible(str(error))}", asked


def shown_view(reviewed: Reviewed, asked: Any) -> View:
    """Return the view that is asked for; its group is one that its filter leaves, if there are any."""
    view = view_of(asked, len(reviewed.review))
    groups = reviewed.groups(view.filter)
    if not len(groups) or view.group in groups or (isinstance(asked, dict) and asked.get("stay")):
        return view
    return view._replace(group=int(groups[np.searchsorted(groups, view.group) % len(groups)]))


def acted(context: Context, reviewed: Reviewed, asked: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Save what is decided; return what is said of it, and what is looked at next.

    Raises
    ------
    InputError, DiskError
        when it can't be done.
    """
    if context.read_only:
        raise InputError(READ_ONLY)
    what, place = asked.get("act"), asked.get("place", 0)
    view, snapshot = view_of(asked, len(reviewed.review)), reviewed.snapshot
    files = reviewed.review.rows_of(view.group)
    if what not in ACTS or not isinstance(place, int) or not 0 <= place < len(files):
        raise InputError("there is no such group, file or decision.")
    decide(decisions_file(snapshot), reviewed.review, view.group, what, place)
    done = DONE.get(what, f"file {place + 1} is {'kept' if what == KEEP else 'dropped'}")
    number = reviewed.review.table["group"][files.start].as_py()
    undo = action("Undo", ACT, view.at(view.group, act=UNDO))
    said = [f"Saved: group {number:,}, {done}. ", *([] if what == UNDO else [undo])]
    after = reviewed.groups(view.filter)
    after = after[after > view.group]
    goes_on = what in GOES_ON and len(after)
    return said, view.at(int(after[0]) if goes_on else view.group, stay=not goes_on, at=asked.get("at"))
