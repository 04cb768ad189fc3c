"""What there is: figures, how good the order is, what is missing, and where everything lies."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dash import Dash, html
from dash.development.base_component import Component

from scripts.lib.dashboard import left_out
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.tiles import tile
from scripts.lib.report.about import model_facts, places, settings, versions
from scripts.lib.run.config import complete, read_schema
from scripts.lib.run.visible import visible
from scripts.lib.view.overview import counts, left_out_of, parts, read_object
from scripts.lib.view.quality import Figure, compared, sentences
from scripts.lib.view.results import Results
from scripts.lib.view.snapshot import Snapshot

NAME, PATH = "Overview", "/overview"
PAIRS = 12


def layout(snapshot: Snapshot, context: Context) -> Component:
    """Return the page."""
    rejected = left_out_of(snapshot)
    return html.Div(
        [
            _figures(counts(snapshot, 0 if rejected is None else len(rejected))),
            html.Div(
                [
                    _section("How good the order is", _quality(snapshot, context)),
                    _section("What there is", [_parts(snapshot, context)]),
                    _section("Where the order breaks", _worst(snapshot)),
                    _section("Left out", left_out.layout(rejected)),
                    _section("Where everything is", _places(snapshot)),
                    _section("How it was made", _made(snapshot)),
                ],
                className="overview",
            ),
        ]
    )


def register(app: Dash, context: Context) -> None:
    """Add the callbacks."""
    left_out.register(app, context)


def _section(title: str, content: Sequence[Component | str]) -> Component:
    return html.Section([html.H2(title), *content])


def _figures(figures: Sequence[Figure]) -> Component:
    return html.Ul(
        [html.Li([html.Strong(each.value), html.Span(each.caption)]) for each in figures], className="figures"
    )


def _table(name: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Component:
    """Return a table that may be wider than the page, and can be scrolled by keys then."""
    head = html.Thead(html.Tr([html.Th(each, scope="col") for each in heads]))
    body = html.Tbody([html.Tr([html.Td(cell) for cell in row]) for row in rows])
    return html.Div(
        html.Table([head, body]), className="wide", tabIndex=0, role="region", **{"aria-label": name}
    )


def _quality(snapshot: Snapshot, context: Context) -> list[Component]:
    quality = read_object(snapshot.seen["quality"])
    if quality is None:
        return [context.missing(snapshot, "quality", "measure of the order")]
    shown = [html.P(each) for each in sentences(quality)]
    if quality["items"] < 2:
        return shown
    bars = [
        html.Li(
            [
                html.Span(f"{each.name}: {each.mean:.4g}"),
                html.Div(
                    style={"width": f"{100 * each.share:.1f}%"}, className="ours" if each.is_ours else ""
                ),
            ]
        )
        for each in compared(quality)
    ]
    caption = html.P("How far it is from one image to the next, on average:", className="soft")
    return [*shown, caption, html.Ul(bars, className="bars")]


def _worst(snapshot: Snapshot) -> list[Component]:
    quality = read_object(snapshot.seen["quality"])
    links = [link for link in (quality or {}).get("worst", []) if 0 <= link["position"] < len(snapshot) - 1]
    if not links or quality is None:
        return [html.P("There are no images beside each other to compare.")]
    pairs = [_pair(snapshot, link, quality["mean"]) for link in links[:PAIRS]]
    return [
        html.P("The images beside each other that differ most."),
        html.Div(pairs, className="pairs"),
    ]


def _pair(snapshot: Snapshot, link: dict[str, Any], mean: float) -> Component:
    place = link["position"]
    times = f", {link['distance'] / mean:.1f} times the mean" if mean else ""
    caption = f"{place:,} to {place + 1:,}: {link['distance']:.3g}{times}"
    return html.Figure([tile(snapshot, place), tile(snapshot, place + 1), html.Figcaption(caption)])


def _parts(snapshot: Snapshot, context: Context) -> Component:
    rows = [
        (each.name, each.state, html.Code(context.command(each.target)) if each.target else "")
        for each in parts(snapshot)
    ]
    return _table("What there is", ("", "State", "What makes it"), rows)


def _places(snapshot: Snapshot) -> list[Component]:
    results = snapshot.results
    rows = [("report.html", "all of it on one page that can be sent")] if _reported(snapshot) else []
    rows += [(visible(each.path), each.holds) for each in places(results.model)]
    return [
        *_output(results),
        html.P(["What the run left is in ", html.Code(visible(str(results.model))), ":"]),
        _table(
            "Where everything is", ("File", "What it is"), [(html.Code(name), holds) for name, holds in rows]
        ),
    ]


def _output(results: Results) -> list[Component]:
    if results.config["copy_mode"] == "none":
        return []
    output = results.base / Path(results.config["output"]).expanduser()
    return [html.P(["The images in order are in ", html.Code(visible(str(output))), "."])]


def _reported(snapshot: Snapshot) -> bool:
    return (snapshot.results.model / "report.html").exists()


def _made(snapshot: Snapshot) -> list[Component]:
    card = read_object(snapshot.seen["model"])
    shown: list[Component] = []
    if card is not None:
        shown.append(_terms([(name, visible(text)) for name, text in model_facts(card)]))
    schema = read_schema()
    changed = [
        each for each in settings(snapshot.results.config, complete({}, schema), schema) if each.differs
    ]
    rows = [(html.Code(each.key, title=each.meaning), visible(each.value), each.usual) for each in changed]
    shown += [html.H3("Settings that are not the usual ones")]
    shown += (
        [_table("Settings", ("Setting", "Value", "Usually"), rows)] if rows else [html.P("There are none.")]
    )
    shown.append(html.Details([html.Summary("Versions"), _terms(list(versions()))]))
    return shown


def _terms(pairs: Sequence[tuple[str, str]]) -> Component:
    return html.Dl([part for term, text in pairs for part in (html.Dt(term), html.Dd(text))])
