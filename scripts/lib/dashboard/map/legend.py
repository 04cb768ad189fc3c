"""What the colours of the map mean: a list of groups, each of which can be selected, or a scale."""

from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from scripts.lib.dashboard.map.colouring import Colouring
from scripts.lib.dashboard.map.filters import Mask
from scripts.lib.dashboard.map.palettes import COLOURS, FIRST, UNKNOWN, Theme
from scripts.lib.dashboard.map.selection import Selection
from scripts.lib.run.visible import visible

LARGEST = 24  # groups that are listed


def legend(colours: Colouring, key: str, theme: Theme, passes: Mask, selection: Selection) -> Component:
    """Return the legend of the files that pass."""
    if colours.groups is None:
        return _scale(colours, theme)
    sizes = np.bincount(colours.groups.codes[passes] + 1, minlength=len(colours.groups.names) + 1)
    chosen = set(selection.codes) if selection.by == key else set()
    codes = listed(sizes[1:], chosen)
    entries = [_entry(colours, key, theme, code, int(sizes[code + 1]), code in chosen) for code in codes]
    if sizes[0]:
        entries.append(_entry(colours, key, theme, -1, int(sizes[0]), -1 in chosen))
    return html.Div([html.Ul(entries, className="legend"), *_others(sizes, codes)])


def listed(sizes: Any, chosen: set[int]) -> list[int]:
    """Return the groups to be listed by number: the largest, and those that are selected."""
    largest = np.argsort(-sizes, kind="stable")[:LARGEST]
    return sorted({int(code) for code in largest if sizes[code]} | {code for code in chosen if code >= 0})


def _entry(colours: Colouring, key: str, theme: Theme, code: int, size: int, is_chosen: bool) -> Component:
    groups, table = colours.groups, colours.colours(theme)
    known = groups is not None and 0 <= code < len(groups.names)
    name = visible(groups.names[code]) if known and groups is not None else f"no {key}"
    colour = table[UNKNOWN] if code < 0 else table[code % COLOURS + FIRST]
    swatch = html.Span(className="swatch", style={"background": colour})
    parts = [
        swatch,
        html.Span(name or "(no name)", className="name"),
        html.Span(f"{size:,}", className="size"),
    ]
    told = {"data-group": key, "data-code": str(code), "aria-pressed": str(is_chosen).lower()}
    return html.Li(html.Button(parts, type="button", className="entry", **told))


def _others(sizes: Any, codes: list[int]) -> list[Component]:
    """Return a word on the groups that are not listed."""
    rest = [code for code in np.flatnonzero(sizes[1:]).tolist() if code not in set(codes)]
    if not rest:
        return []
    images = int(sizes[1:][rest].sum())
    return [html.P(f"and {len(rest):,} smaller ones with {images:,} images", className="others")]


def _scale(colours: Colouring, theme: Theme) -> Component:
    stops = ", ".join(colours.colours(theme)[FIRST:][::11])
    bar = html.Div(className="scale", style={"background": f"linear-gradient(to right, {stops})"})
    return html.Div([bar, html.Div([html.Span(tick) for tick in colours.ticks], className="ticks")])
