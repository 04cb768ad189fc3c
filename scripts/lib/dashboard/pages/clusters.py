"""The clusters: a table of them, their names, and the images of each."""

from typing import Any
from urllib.parse import parse_qs

from dash import Dash, Input, Output, State, dcc, html, no_update, set_props
from dash.development.base_component import Component

from scripts.lib.clustering.naming import Named, give_name
from scripts.lib.dashboard.centroids import Centroids, serve_centroids
from scripts.lib.dashboard.context import Context
from scripts.lib.dashboard.pages.cluster_images import PAGE, cluster_images
from scripts.lib.dashboard.pages.cluster_rows import (
    VIEW,
    Shown,
    View,
    cluster_table,
    fitting,
    found_of,
    named,
    page_of,
    tables_pager,
    view_of,
)
from scripts.lib.errors import InputError, SeriatimError
from scripts.lib.run.visible import visible
from scripts.lib.view.given import clusters_of, given_names, names_file
from scripts.lib.view.snapshot import UNKNOWN, Snapshot

NAME, PATH = "Clusters", "/clusters"
READ_ONLY = "This dashboard is read-only: no names can be given here."
NEWER = "There is a newer state of this collection: reload the page."
FOCUS = """
function() {
    const title = document.getElementById("cluster-title");
    if (title && document.activeElement === document.body) { title.focus(); }
}
"""

_centroids = Centroids()


def layout(snapshot: Snapshot, context: Context) -> Component:
    """Return the page."""
    if snapshot.cluster_table is None or snapshot.clusters is None:
        return context.missing(snapshot, "cluster_table", "table of clusters")
    shown, trouble = shown_now(snapshot, context)
    find = html.Label(["Find ", dcc.Input(id="clusters-filter", type="search", placeholder="name or file")])
    every = [
        html.Div([html.H2("Clusters"), find], className="page-tools"),
        html.P(named(shown), id="clusters-count", className="count"),
        *_about(shown, context),
        html.Div(table_part(shown, "", View()), id="clusters-table"),
    ]
    return html.Div(
        [
            *(dcc.Store(id=each) for each in (VIEW, PAGE, "clusters-rename", "clusters-named")),
            html.Div(every, id="clusters-all"),
            html.Div(id="cluster-view", hidden=True),
            html.Div(trouble, id="clusters-said", role="status", className="said"),
        ]
    )


def shown_now(snapshot: Snapshot, context: Context) -> tuple[Shown, str]:
    """Return the clusters with the names given by now, and why there are none."""
    has_centroids = _centroids.of(snapshot) is not None
    try:
        return Shown(snapshot, given_names(snapshot), context.read_only, has_centroids), ""
    except (SeriatimError, OSError) as error:
        return Shown(snapshot, {}, True, has_centroids), visible(str(error))


def table_part(shown: Shown, text: str, view: View) -> list[Component | None]:
    """Return the part of the table that is asked for."""
    found = fitting(shown.table, text, view)
    rows, view, pages = page_of(found, view)
    turn = tables_pager(view, pages)
    return [
        html.Div([html.P(found_of(shown, len(found))), turn], className="counts"),
        cluster_table(shown, rows, view),
        turn,
    ]


def _about(shown: Shown, context: Context) -> list[Component]:
    """Return what is to be known of the table."""
    command = html.Code(context.command("cluster"))
    kept = ["A name that you type is kept. Folders, sheets and tables take it with the next ", command, "."]
    lines = [html.P(READ_ONLY, className="missing") if context.read_only else html.P(kept)]
    alone = len(shown.positions(UNKNOWN))
    if alone:
        text = f"Files that are in no cluster: {alone:,}"
        lines.append(html.P(dcc.Link(text, href=f"{PATH}?cluster={UNKNOWN}")))
    if shown.snapshot.results.config["model"] == "autoencoder" and not shown.has_centroids:
        lines.append(context.missing(shown.snapshot, "centroids", "picture of the centroids"))
    return lines


def register(app: Dash, context: Context) -> None:
    """Add the callbacks of the page."""
    serve_centroids(app.server, context.library, _centroids)
    _turn_table(app, context)
    _show_images(app, context)
    _rename(app, context)


def _turn_table(app: Dash, context: Context) -> None:
    @app.callback(
        Output("clusters-table", "children"),
        Input(VIEW, "data"),
        Input("clusters-filter", "value"),
        State("generation", "data"),
        prevent_initial_call=True,
    )
    def show(view: Any, text: str | None, generation: str) -> Any:
        snapshot = context.library.at(generation)
        if snapshot is None or snapshot.cluster_table is None:
            return no_update
        return table_part(shown_now(snapshot, context)[0], str(text or ""), view_of(view))


def _show_images(app: Dash, context: Context) -> None:
    @app.callback(
        Output("cluster-view", "children"),
        Output("cluster-view", "hidden"),
        Output("clusters-all", "hidden"),
        Input("url", "search"),
        Input("url", "pathname"),
        Input(PAGE, "data"),
        State("generation", "data"),
    )
    def show(search: str | None, path: str, turned: Any, generation: str) -> tuple[Any, Any, Any]:
        cluster, snapshot = asked_for(search), context.library.at(generation)
        if path != PATH or snapshot is None or snapshot.cluster_table is None:
            return no_update, no_update, no_update
        if cluster is None:
            return [], True, False
        return (
            cluster_images(shown_now(snapshot, context)[0], cluster, page_for(cluster, turned)),
            False,
            True,
        )

    app.clientside_callback(FOCUS, Input("cluster-view", "children"), prevent_initial_call=True)


def asked_for(search: str | None) -> int | None:
    """Return the cluster that an address asks for."""
    given = parse_qs((search or "").removeprefix("?")).get("cluster", [""])[0]
    is_number = given.removeprefix("-").isdecimal() and given.isascii() and len(given) < 10
    return int(given) if is_number else None


def page_for(cluster: int, turned: Any) -> int:
    """Return which page of a cluster's images was turned to."""
    if not isinstance(turned, dict) or turned.get("cluster") != cluster:
        return 0
    page = turned.get("page")
    return page if isinstance(page, int) and page > 0 else 0


def _rename(app: Dash, context: Context) -> None:
    """Save names; no field is drawn anew meanwhile, because somebody may be writing into the next."""

    @app.callback(
        Output("clusters-said", "children"),
        Output("clusters-count", "children"),
        Output("clusters-named", "data"),
        Input("clusters-rename", "data"),
        State("url", "search"),
        State("generation", "data"),
        prevent_initial_call=True,
    )
    def rename(asked: Any, search: str | None, generation: str) -> tuple[Any, ...]:
        snapshot = context.library.at(generation)
        if snapshot is None or snapshot.cluster_table is None or not isinstance(asked, dict):
            return NEWER, no_update, no_update
        try:
            renamed(context, snapshot, asked.get("cluster"), str(asked.get("name", "")))
        except (SeriatimError, OSError) as error:
            return f"Not saved: {visible(str(error))}", no_update, no_update
        shown, _ = shown_now(context.library.at(generation) or snapshot, context)
        name = shown.name(asked["cluster"])
        if asked_for(search) == asked["cluster"]:
            set_props("cluster-title", {"children": visible(name)})
        return said_of(shown, asked["cluster"], name), named(shown), asked.get("at")


def said_of(shown: Shown, cluster: int, name: str) -> str:
    """Say what a cluster is called now that its name has been saved."""
    own, called = shown.given.get(cluster), f"this cluster is called {visible(name)} now"
    if own is None:
        return f"Saved: {called}, without a name of yours."
    return f"Saved: {called}{'' if own == name else ', because another one has that name'}."


def renamed(context: Context, snapshot: Snapshot, cluster: Any, name: str) -> None:
    """Give a cluster another name.

    Raises
    ------
    InputError, DiskError
        when that can't be done.
    """
    if context.read_only:
        raise InputError(READ_ONLY)
    shown = Shown(snapshot)
    row = shown.row(cluster) if isinstance(cluster, int) else None
    if row is None:
        raise InputError(f"there is no cluster {cluster!r}.")
    told = shown.table.slice(row, 1).to_pylist()[0]
    row_of = Named(cluster, told["name"], told["files"], told["medoid"], told["medoid_id"].hex())
    give_name(names_file(snapshot), row_of, name, lambda anchors: clusters_of(snapshot, anchors))
