"""Buttons that say what they do (`assets/actions.js`): a click puts their value into a store of the page."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component


def action(
    label: str | Sequence[Component | str], store: str, value: Mapping[str, Any], name: str = "", **more: Any
) -> Component:
    """Return a button that puts a value into a store.

    name : for those who hear the page, where the label alone does not say it
    """
    told = {"data-act": store, "data-value": json.dumps(value)} | ({"aria-label": name} if name else {})
    return html.Button(label, type="button", **told, **more)


def pager(store: str, value: Mapping[str, Any], page: int, pages: int, what: str) -> Component | None:
    """Return buttons to the former and the next page, None where there is only one.

    value : what is put into the store with the number of the page
    """
    if pages < 2:
        return None
    turn = [
        action(
            label,
            store,
            {**value, "page": page + step},
            f"{name} page of {what}",
            disabled=not 0 <= page + step < pages,
        )
        for label, name, step in (("‹", "Former", -1), ("›", "Next", 1))
    ]
    text = html.Span(f"page {page + 1:,} of {pages:,}")
    return html.Div(
        [turn[0], text, turn[1]], className="pager", role="group", **{"aria-label": f"Pages of {what}"}
    )
