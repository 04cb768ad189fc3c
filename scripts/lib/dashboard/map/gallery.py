"""What is selected, or what passes, as small pictures in order, and as files to take away."""

import json
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np
from dash import html
from dash.development.base_component import Component

from scripts.lib.dashboard.map.chosen import Chosen, Question
from scripts.lib.dashboard.map.filters import Filters
from scripts.lib.dashboard.tiles import tiles
from scripts.lib.view.snapshot import Snapshot
from scripts.lib.words import counted

PAGE = 60  # pictures


def layout() -> Component:
    """Return the place of the pictures."""
    turning = [
        html.Button("Previous", id="map-previous", type="button"),
        html.Span(id="map-pages", role="status"),
        html.Button("Next", id="map-next", type="button"),
    ]
    head = [
        html.H2(id="map-chosen", **{"aria-live": "polite"}),
        html.Button("Select nothing", id="map-unselect", type="button"),
        html.Div(id="map-exports", className="exports"),
    ]
    return html.Section(
        [
            html.Div(head, className="head"),
            html.Div(id="map-tiles", className="tiles"),
            html.Div(turning, className="turning", id="map-turning"),
        ],
        className="gallery",
        **{"aria-label": "Images"},
    )


def last_page(count: int) -> int:
    """Return the number of the last page, from 0."""
    return max(0, (count - 1) // PAGE)


class Shown(NamedTuple):
    """A page of pictures, and what is said around it."""

    tiles: list[Component]
    heading: str
    span: str
    exports: list[Component]
    is_first: bool
    is_last: bool


def gallery(snapshot: Snapshot, chosen: Chosen, question: Question, page: int) -> Shown:
    """Return a page; the nearest one that there is."""
    found = np.flatnonzero(chosen.shown(snapshot, question))
    page = min(max(page, 0), last_page(len(found)))
    start = page * PAGE
    here = found[start : start + PAGE].tolist()
    return Shown(
        tiles=tiles(snapshot, here),
        heading=heading(len(found), bool(question.selection)),
        span=f"{start + 1:,} to {start + len(here):,} of {len(found):,}" if here else "",
        exports=_exports(snapshot, question) if here else [],
        is_first=page == 0,
        is_last=page == last_page(len(found)),
    )


def heading(count: int, is_selection: bool) -> str:
    """Return how many images there are, in words."""
    images = counted(count, "image")
    return f"{images} selected" if is_selection else f"{images}, nothing selected"


def _exports(snapshot: Snapshot, question: Question) -> list[Component]:
    query = urlencode({"question": json.dumps(as_json(question), separators=(",", ":"))})
    files = (("Table (CSV)", "table.csv"), ("List of paths", "paths.txt"))
    return [
        html.A(name, href=f"/export/{snapshot.generation}/{file}?{query}", download=file)
        for name, file in files
    ]


def as_json(question: Question) -> dict[str, Any]:
    """Return a question as `Question.read` takes it."""
    filters, selection = question.filters, question.selection
    wanted = {name: value for name, value in vars(filters).items() if value != getattr(Filters, name)}
    areas = [[[float(f"{x:.6g}"), float(f"{y:.6g}")] for x, y in area] for area in selection.areas]
    told = {"by": selection.by, "codes": selection.codes, "areas": areas}
    return {"filters": wanted, "selection": told if selection else {}}
