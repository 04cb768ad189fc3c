"""The controls beside the map: what it is coloured by, and which images pass."""

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from scripts.lib.dashboard.choices import Option, listed, one_of, some_of
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.map.colouring import CHOICES, first_choice, is_there
from scripts.lib.dashboard.map.filters import folder_names
from scripts.lib.run.visible import visible
from scripts.lib.view.snapshot import Coded, Snapshot

MOST_OPTIONS = 1_000  # of a list; of more folders those are left out that lie deepest
MOST_BUTTONS = 2_000  # clusters to choose from, the first by number
DELAY = 0.35  # seconds without typing, after which a text counts


def colour_panel(snapshot: Snapshot, context: Context) -> Component:
    """Return what the map can be coloured by; what no artifact tells can't be chosen."""
    options = [Option(each.key, each.name, not is_there(snapshot, each)) for each in CHOICES]
    absent = [each for each in CHOICES if not is_there(snapshot, each)]
    lines = [
        context.missing(snapshot, each.artifact, f"{each.name.lower()} of the images") for each in absent
    ]
    chooser = one_of("map-colour", "Coloured by", options, first_choice(snapshot))
    return _panel("Colours", chooser, html.Div(id="map-legend"), *lines)


def filter_panel(snapshot: Snapshot, context: Context) -> Component:
    """Return the filters; those that no artifact serves are off, and say what makes it."""
    end = [
        html.P(id="map-count", role="status"),
        html.Button("Clear all filters", id="map-clear", type="button"),
    ]
    return _panel(
        "Filters",
        *_text("path", "Text in the path", "beach"),
        *_clusters(snapshot),
        *_category(snapshot),
        *_folder(snapshot),
        *_labels(snapshot, context),
        html.Div(end, className="head"),
    )


def cluster_options(groups: Coded) -> list[Option]:
    """Return clusters to be chosen from, with their sizes."""
    sizes = np.bincount(groups.codes + 1, minlength=len(groups.names) + 1).tolist()
    named = enumerate(zip(groups.names, sizes[1:], strict=True))
    found = [Option(code, f"{visible(name)} ({size:,})") for code, (name, size) in named if size]
    rest = [Option(-1, f"unclustered ({sizes[0]:,})")] if sizes[0] else []
    return found[:MOST_BUTTONS] + rest


def folder_options(names: list[str]) -> list[Option]:
    """Return folders to be chosen from, by name."""
    rows = sorted(range(len(names)), key=lambda row: names[row].count("/"))[:MOST_OPTIONS]
    return [Option(row, visible(names[row])) for row in sorted(rows)]


def _panel(name: str, *parts: Component) -> Component:
    return html.Details([html.Summary(name), *parts], open=True, className="panel")


def _clusters(snapshot: Snapshot) -> list[Component]:
    options = [] if snapshot.clusters is None else cluster_options(snapshot.clusters)
    search = dcc.Input(id="map-cluster-search", type="search", placeholder="part of a name", debounce=False)
    parts = [
        html.Label("Search the clusters", htmlFor="map-cluster-search"),
        html.Div(search, **{"data-narrows": "[data-choice=map-clusters]"}),
        some_of("map-clusters", "Clusters", options),
    ]
    told = "all" if options else "none yet"
    summary = html.Summary(["Clusters: ", html.Span(told, id="map-cluster-names")])
    return [html.Details([summary, *(parts if options else parts[2:])], className="inner")]


def _category(snapshot: Snapshot) -> list[Component]:
    options = [Option(row, visible(name)) for row, name in enumerate(snapshot.category_names)]
    least = ["with a probability of at least ", html.Output("50%", id="map-least")]
    slider = dcc.Input(
        id="map-probability", type="range", min=0, max=1, step=0.01, value=0.5, disabled=not options
    )
    return [
        html.Span("Category", className="label"),
        listed("map-category", "Category", options, "any" if options else "no categories yet"),
        html.Label(least, htmlFor="map-probability"),
        slider,
    ]


def _folder(snapshot: Snapshot) -> list[Component]:
    options = folder_options(folder_names(snapshot))
    return [
        html.Span("Folder, with those in it", className="label"),
        listed("map-folder", "Folder", options, "any"),
    ]


def _labels(snapshot: Snapshot, context: Context) -> list[Component]:
    is_known = snapshot.labels is not None
    line = [] if is_known else [context.missing(snapshot, "labels", "label of the images")]
    return _text("label", "Label begins with", "30", is_known) + line


def _text(name: str, label: str, example: str, is_usable: bool = True) -> list[Component]:
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
