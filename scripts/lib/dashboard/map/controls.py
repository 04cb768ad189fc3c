"""The controls beside the map: what it is coloured by, and which images pass."""

from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.map.colouring import CHOICES, first_choice, is_there
from scripts.lib.run.visible import visible
from scripts.lib.view.snapshot import Coded, Snapshot

MOST_OPTIONS = 1_000  # of a list; of more, those are offered that have what was typed
DELAY = 0.35  # seconds without typing, after which a text counts


def colour_choice(snapshot: Snapshot, context: Context) -> Component:
    """Return what the map can be coloured by; what no artifact tells can't be chosen."""
    options = [
        {"label": choice.name, "value": choice.key, "disabled": not is_there(snapshot, choice)}
        for choice in CHOICES
    ]
    absent = [choice for choice in CHOICES if not is_there(snapshot, choice)]
    lines = [
        context.missing(snapshot, each.artifact, f"{each.name.lower()} of the images") for each in absent
    ]
    chooser = dcc.RadioItems(options, first_choice(snapshot), id="map-colour", className="choices")
    return html.Details(
        [
            html.Summary("Colours"),
            html.Div([html.Span("Coloured by", className="label", id="map-colour-label"), chooser]),
            html.Div(id="map-legend"),
            *lines,
        ],
        open=True,
        className="panel",
    )


def filter_controls(snapshot: Snapshot, context: Context) -> Component:
    """Return the filters; those that no artifact serves are off, and say what makes it."""
    return html.Details(
        [
            html.Summary("Filters"),
            *_clusters(snapshot),
            *_category(snapshot, context),
            *_text("path", "Text in the path", "beach", True),
            *_folder(),
            *_labels(snapshot, context),
            html.Div(
                [
                    html.P(id="map-count", role="status"),
                    html.Button("Clear all filters", id="map-clear", type="button"),
                ],
                className="head",
            ),
        ],
        open=True,
        className="panel",
    )


def options_of(groups: Coded) -> list[dict[str, Any]]:
    """Return groups to be chosen from, with their sizes."""
    sizes = np.bincount(groups.codes + 1, minlength=len(groups.names) + 1).tolist()
    found = [
        {"label": f"{visible(name) or '(no name)'} ({size:,})", "value": code}
        for code, (name, size) in enumerate(zip(groups.names, sizes[1:], strict=True))
        if size
    ]
    return found + ([{"label": f"unclustered ({sizes[0]:,})", "value": -1}] if sizes[0] else [])


def folder_options(names: list[str], typed: str, chosen: int | None) -> list[dict[str, Any]]:
    """Return the first folders whose name has what was typed, and the one that is chosen."""
    wanted = typed.casefold()
    fitting = [row for row, name in enumerate(names) if wanted in name.casefold()][:MOST_OPTIONS]
    if chosen is not None and 0 <= chosen < len(names) and chosen not in fitting:
        fitting.append(chosen)
    return [{"label": visible(names[row]), "value": row} for row in fitting]


def _clusters(snapshot: Snapshot) -> list[Component]:
    options = [] if snapshot.clusters is None else options_of(snapshot.clusters)
    placeholder = "all" if options else "no clusters yet"
    chooser = dcc.Dropdown(
        options, [], id="map-clusters", multi=True, placeholder=placeholder, disabled=not options
    )
    return [html.Label("Clusters", htmlFor="map-clusters"), chooser]


def _category(snapshot: Snapshot, context: Context) -> list[Component]:
    names = [{"label": visible(name), "value": i} for i, name in enumerate(snapshot.category_names)]
    placeholder = "any" if names else "no categories yet"
    parts = [
        html.Label("Category", htmlFor="map-category"),
        dcc.Dropdown(names, None, id="map-category", placeholder=placeholder, disabled=not names),
        html.Label(
            ["with a probability of at least ", html.Output("50%", id="map-least")], htmlFor="map-probability"
        ),
        dcc.Input(id="map-probability", type="range", min=0, max=1, step=0.01, value=0.5, disabled=not names),
    ]
    return parts


def _folder() -> list[Component]:
    chooser = dcc.Dropdown([], None, id="map-folder", placeholder="any, with those below it")
    return [html.Label("Folder", htmlFor="map-folder"), chooser]


def _labels(snapshot: Snapshot, context: Context) -> list[Component]:
    is_known = snapshot.labels is not None
    line = [] if is_known else [context.missing(snapshot, "labels", "label of the images")]
    return _text("label", "Label begins with", "30", is_known) + line


def _text(name: str, label: str, example: str, is_usable: bool) -> list[Component]:
    field = dcc.Input(
        id=f"map-{name}",
        type="search",
        value="",
        debounce=DELAY,
        placeholder=f"such as {example}",
        disabled=not is_usable,
        maxLength=1_000,
    )
    return [html.Label(label, htmlFor=f"map-{name}"), field]
