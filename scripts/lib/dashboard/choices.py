"""Choices that a keyboard and a screen reader can make: buttons that are pressed or not, and lists.

What is chosen is the value of a `dcc.Store` (`assets/choices.js`). The choices of Dash itself tell a screen
reader of lists that have no name, with controls inside of controls.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from dash import dcc, html
from dash.development.base_component import Component


class Option(NamedTuple):
    """Something to choose."""

    value: Any
    name: str
    is_off: bool = False


def one_of(store: str, label: str, options: Sequence[Option], value: Any) -> Component:
    """Return buttons of which one is pressed."""
    return _group(store, label, options, (value,), "one")


def some_of(store: str, label: str, options: Sequence[Option]) -> Component:
    """Return buttons of which any number are pressed, none at first; the value is a list."""
    return _group(store, label, options, (), "some")


def listed(store: str, label: str, options: Sequence[Option], nothing: str) -> Component:
    """Return a list to choose one from, or nothing, which is there first."""
    entries = [html.Option(nothing, value="null")]
    entries += [
        html.Option(each.name, value=json.dumps(each.value), disabled=each.is_off) for each in options
    ]
    told = {"data-choice": store, "aria-label": label}
    return html.Div([dcc.Store(id=store), html.Select(entries, disabled=not options, **told)])


def _group(store: str, label: str, options: Sequence[Option], pressed: Sequence[Any], kind: str) -> Component:
    buttons = [
        html.Button(
            each.name,
            type="button",
            disabled=each.is_off,
            **{
                "data-choice": store,
                "data-value": json.dumps(each.value),
                "aria-pressed": "true" if each.value in pressed else "false",
            },
        )
        for each in options
    ]
    value = pressed[0] if kind == "one" else []
    group = html.Div(buttons, role="group", className=kind, **{"aria-label": label, "data-kind": kind})
    return html.Div([dcc.Store(id=store, data=value), group])
