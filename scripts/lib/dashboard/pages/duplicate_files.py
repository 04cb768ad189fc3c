"""The files of one group of duplicates, side by side."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from dash import html
from dash.development.base_component import Component

from scripts.lib.dashboard.actions import action
from scripts.lib.dashboard.duplicate_pictures import duplicate_url
from scripts.lib.dashboard.pages.duplicate_state import ACT, FILES, VIEW, Reviewed, View
from scripts.lib.dashboard.pictures import image_url
from scripts.lib.duplicates.decisions import DROP, KEEP, Decisions
from scripts.lib.duplicates.keep_best import format_rank
from scripts.lib.duplicates.kept import Member
from scripts.lib.duplicates.review import ACCEPT, ALL, ONLY, UNDO, own_decision
from scripts.lib.run.visible import visible
from scripts.lib.view.facts import places_in_order
from scripts.lib.words import size_words, time_words

KINDS = {
    "exact": "the same bytes as the best",
    "near": "near to the best",
    "perceptual": "looks like the best",
}
NINE = 9  # files have keys


class Picture(NamedTuple):
    """Where the picture of a file is, and its place in the order if it has one."""

    source: str
    position: int | None


def group_view(reviewed: Reviewed, view: View) -> list[Component | None]:
    """Return the files of the group that is looked at, and what can be done with them."""
    files = reviewed.review.files(view.group)
    members = reviewed.review.settled(view.group, reviewed.decisions)
    proposals = reviewed.review.settled(view.group, Decisions())
    number, count = files[0]["group"], len(files)
    kept = sum(each.keep for each in members)
    title = html.H3(
        f"Group {number:,}: {count:,} files, {kept:,} kept",
        id="duplicates-title",
        tabIndex="-1",
        **{"data-home": ""},
    )
    shown = range(min(count, view.files))
    pictures = pictures_of(reviewed, view.group, files[: view.files])
    cards = [_card(reviewed, view, i, files, members[i], proposals[i], pictures[i]) for i in shown]
    more = action(
        f"Show more of {count - len(shown):,} other files",
        VIEW,
        view.at(view.group, files=view.files + FILES),
    )
    return [
        html.Div([title, _group_actions(reviewed, view)], className="page-tools"),
        html.Ol(cards, className="duplicate-files"),
        more if count > len(shown) else None,
    ]


def pictures_of(reviewed: Reviewed, group: int, files: list[dict[str, Any]]) -> list[Picture]:
    """Return the large pictures of the first files of a group."""
    snapshot, first = reviewed.snapshot, reviewed.review.rows_of(group).start
    places = places_in_order(snapshot, [each["path_bytes"] for each in files])
    return [
        Picture(duplicate_url(snapshot, first + i) if place is None else image_url(snapshot, place), place)
        for i, place in enumerate(places)
    ]


def _group_actions(reviewed: Reviewed, view: View) -> Component | None:
    if reviewed.read_only:
        return None
    acts = (
        ("Accept the proposal", ACCEPT, "a"),
        ("Keep all", ALL, "k"),
        ("Undo my decision", UNDO, "u"),
    )
    buttons = [
        action(
            [label, html.Kbd(key.upper(), **{"aria-hidden": "true"})],
            ACT,
            view.at(view.group, act=act),
            className="primary" if act == ACCEPT else "",
            **{"data-key": key, "aria-keyshortcuts": key},
        )
        for label, act, key in acts
    ]
    return html.Div(buttons, className="acts", role="group", **{"aria-label": "This group"})


def _card(
    reviewed: Reviewed,
    view: View,
    place: int,
    files: list[dict[str, Any]],
    member: Member,
    proposal: Member,
    shown: Picture,
) -> Component:
    file = files[place]
    name = visible(os.path.basename(file["path"].rstrip("/")) or file["path"])
    shape = {"aspectRatio": f"{file['width'] or 4} / {file['height'] or 3}"}  # before it is there, too
    picture = html.Img(src=shown.source, alt=name, style=shape)
    told = {"title": f"Details of {name}", "data-position": str(shown.position)}
    whole = (
        html.Div(picture, className="picture")
        if shown.position is None
        else html.Button(picture, type="button", className="picture", **told)
    )
    return html.Li(
        [
            whole,
            html.H4(name),
            _verdict(reviewed, view, place, member, name),
            _reasons(reviewed, file, member, proposal),
            _facts(file, files),
        ],
        className="keep" if member.keep else "drop",
    )


def _verdict(reviewed: Reviewed, view: View, place: int, member: Member, name: str) -> Component:
    """Return whether a file is kept, as buttons that change it."""
    state = html.Strong("Keep" if member.keep else "Drop", className="verdict")
    if reviewed.read_only:
        return state
    buttons = []
    for act, label, pressed in ((KEEP, "Keep", member.keep), (DROP, "Drop", not member.keep)):
        more = {"aria-pressed": str(pressed).lower()}
        if not pressed and place < NINE:
            more |= {"data-key": str(place + 1), "aria-keyshortcuts": str(place + 1)}
        buttons.append(
            action(label, ACT, view.at(view.group, act=act, place=place), f"{label} {name}", **more)
        )
    key = [html.Kbd(str(place + 1), **{"aria-hidden": "true"})] if place < NINE else []
    switch = html.Span(
        [*buttons, *key], className="switch", role="group", **{"aria-label": f"What becomes of {name}"}
    )
    only = action("Only this one", ACT, view.at(view.group, act=ONLY, place=place), f"Keep only {name}")
    return html.Div([switch, only], className="acts")


def _reasons(reviewed: Reviewed, file: Mapping[str, Any], member: Member, proposal: Member) -> Component:
    """Say what is proposed, what was decided, and why."""
    proposed = f"Proposed: {KEEP if proposal.keep else DROP}"
    lines = [html.P([html.Strong(proposed), f", {visible(proposal.reason)}."])]
    if member.decision == (KEEP if member.keep else DROP):
        lines.append(html.P(html.Strong(f"You decided to {member.decision} it.")))
    elif member.decision or member.keep != proposal.keep:
        lines.append(html.P(f"{'Kept' if member.keep else 'Dropped'}: {visible(member.reason)}."))
    if member.decision and not own_decision(reviewed.decisions, file["path"]):
        lines.append(
            html.P("The decision is one on its content, made by hand; it can be overruled, not undone here.")
        )
    return html.Div(lines, className="reasons")


def _facts(file: Mapping[str, Any], files: list[dict[str, Any]]) -> Component:
    changed = time_words(file["mtime_ns"]) if file["mtime_ns"] else "unknown"
    facts = [
        (
            "Pixels",
            _pixels(file),
            _is_best(file, files, lambda each: -(each["width"] or 0) * (each["height"] or 0)),
        ),
        ("Size", _bytes(file["size"] or 0), _is_best(file, files, lambda each: -(each["size"] or 0))),
        (
            "Format",
            file["format"] or "unknown",
            _is_best(file, files, lambda each: format_rank(each["format"])),
        ),
        ("Changed", changed, _is_best(file, files, lambda each: each["mtime_ns"] or 0)),
        ("Known by", _kind(file), False),
        ("Path", visible(file["path"]), False),
    ]
    parts = [
        part
        for term, told, best in facts
        for part in (
            html.Dt(term),
            html.Dd(html.Strong(told, title="the best of the group") if best else told),
        )
    ]
    return html.Dl(parts)


def _is_best(file: Mapping[str, Any], files: list[dict[str, Any]], rank: Any) -> bool:
    """Tell whether a file is the best in something in which not all are equal."""
    found = [rank(each) for each in files]
    return bool(rank(file) == min(found) != max(found))


def _pixels(file: Mapping[str, Any]) -> str:
    if not file["width"] or not file["height"]:
        return "unknown"
    millions = file["width"] * file["height"] / 1e6
    return f"{file['width']:,} × {file['height']:,} ({millions:.{1 if millions >= 1 else 2}f} MP)"


def _bytes(size: int) -> str:
    return f"{size_words(size)} ({size:,} bytes)" if size >= 1000 else size_words(size)


def _kind(file: Mapping[str, Any]) -> str:
    if file["kind"] is None:
        return "the best of the group"
    told = [f"{file['kind']}: {KINDS.get(file['kind'], '')}"]
    if file["distance"] is not None:
        told.append(f"distance {file['distance']:.3g}")
    if file["bits"] is not None:
        told.append(f"{file['bits']} bits differ")
    return ", ".join(told)
