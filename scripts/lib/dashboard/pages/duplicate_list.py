"""The list of groups of duplicates to jump to, how far one has come, and which of them are looked at."""

import numpy as np
import numpy.typing as npt
from dash import html
from dash.development.base_component import Component

from scripts.lib.dashboard.actions import action
from scripts.lib.dashboard.duplicate_pictures import duplicate_url
from scripts.lib.dashboard.pages.duplicate_state import FILTERS, VIEW, Reviewed, View
from scripts.lib.dashboard.pictures import thumbnail_url
from scripts.lib.view.facts import places_in_order

ROWS = 24  # groups in the list at a time

Groups = npt.NDArray[np.int64]


def progress(reviewed: Reviewed) -> Component:
    """Say how many groups have been decided on, as a bar and in words."""
    done, total = int(reviewed.decided.sum()), len(reviewed.review)
    bar = html.Span(html.Span(style={"width": f"{done / max(total, 1):.1%}"}), className="bar")
    return html.Div([bar, html.Span(f"{done:,} of {total:,} groups reviewed")], className="tightness")


def filters(reviewed: Reviewed, view: View) -> Component:
    """Return buttons that say which groups are looked at."""
    buttons = []
    for name, label in FILTERS.items():
        count = len(reviewed.groups(name))
        if count or name in ("all", "undecided", "decided"):
            value = {"group": view.group, "filter": name}
            chosen = str(name == view.filter).lower()
            buttons.append(action(f"{label} {count:,}", VIEW, value, **{"aria-pressed": chosen}))
    return html.Div(buttons, className="acts", role="group", **{"aria-label": "Which groups"})


def ways(view: View, groups: Groups) -> Component:
    """Return buttons to the group before and the one after, among those that are looked at."""
    former, after = groups[groups < view.group], groups[groups > view.group]
    here = int(np.searchsorted(groups, view.group))
    text = f"{here + 1:,} of {len(groups):,}" if view.group in groups else f"{len(groups):,} groups"
    steps = (
        ("‹ Former", "ArrowLeft", former[-1] if len(former) else None),
        ("Next ›", "ArrowRight", after[0] if len(after) else None),
    )
    buttons = [
        action(
            label,
            VIEW,
            view.at(view.group if group is None else int(group)),
            disabled=group is None,
            **{"data-key": key, "aria-keyshortcuts": key},
        )
        for label, key, group in steps
    ]
    return html.Div(
        [buttons[0], html.Span(text), buttons[1]], className="pager", role="group", **{"aria-label": "Groups"}
    )


def group_list(reviewed: Reviewed, view: View, groups: Groups) -> list[Component]:
    """Return the part of the list of groups in which the one is that is looked at."""
    start = int(np.searchsorted(groups, view.group)) // ROWS * ROWS
    shown = groups[start : start + ROWS].tolist()
    firsts = [reviewed.review.rows_of(group).start for group in shown]
    table = reviewed.review.table
    files = [table["path_bytes"][row].as_py() for row in firsts]
    places = places_in_order(reviewed.snapshot, files)
    rows = [
        _entry(reviewed, view, group, row, place)
        for group, row, place in zip(shown, firsts, places, strict=True)
    ]
    jumps = [
        action(label, VIEW, view.at(int(groups[place])), f"{label} groups of the list")
        for label, place in (("Former", start - ROWS), ("Next", start + ROWS))
        if 0 <= place < len(groups)
    ]
    return [html.Ol(rows), html.Div(jumps, className="pager")]


def _entry(reviewed: Reviewed, view: View, group: int, row: int, place: int | None) -> Component:
    snapshot = reviewed.snapshot
    source = duplicate_url(snapshot, row) if place is None else thumbnail_url(snapshot, place)
    number = reviewed.review.table["group"][row].as_py()
    files = len(reviewed.review.rows_of(group))
    state = "reviewed" if reviewed.decided[group] else "undecided"
    text = [f"Group {number:,}", html.Small(f"{files:,} files, {state}")]
    chosen = {"aria-current": "true"} if group == view.group else {}
    button = action(
        [html.Img(src=source, alt=""), html.Span(text)], VIEW, view.at(group), className=state, **chosen
    )
    return html.Li(button)
