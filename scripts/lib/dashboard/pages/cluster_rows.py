"""The table of clusters, as much of it as is looked at."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from dash import dcc, html
from dash.development.base_component import Component

from scripts.lib.dashboard.actions import action, pager
from scripts.lib.dashboard.tiles import tile
from scripts.lib.run.visible import visible
from scripts.lib.view.given import automatic_names
from scripts.lib.view.snapshot import Snapshot

ROWS = 50  # on a page
VIEW = "clusters-view"  # the store of how the table is looked at
COLUMNS = {  # what the table is sorted by, and whether large values come first
    "name": ("Name", False),
    "files": ("Files", True),
    "size": ("Different images", True),
    "tightness": ("Tightness", True),
    "first_position": ("Begins at", False),
}


@dataclass(frozen=True)
class Shown:
    """The clusters of a snapshot, and how they are shown.

    given : the user's names, by cluster
    """

    snapshot: Snapshot
    given: dict[int, str] = field(default_factory=dict)
    read_only: bool = False
    has_centroids: bool = False

    @property
    def table(self) -> pa.Table:
        """Return the table of clusters."""
        assert self.snapshot.cluster_table is not None
        return self.snapshot.cluster_table

    def row(self, cluster: int) -> int | None:
        """Return the row of a cluster; None if there is no such cluster."""
        rows = np.flatnonzero(self.table["cluster"].to_numpy() == cluster)
        return int(rows[0]) if len(rows) else None

    @cached_property
    def automatic(self) -> dict[int, str]:
        """Return what clusters are called without a name of the user's."""
        return automatic_names(self.snapshot)

    def name(self, cluster: int) -> str:
        """Return what a cluster is called."""
        row = self.row(cluster)
        return "" if row is None else str(self.table["name"][row].as_py())

    def positions(self, cluster: int) -> npt.NDArray[np.int64]:
        """Return the places of the files of a cluster, -1 for what is in none: (m,) int64, ascending."""
        clusters = self.snapshot.clusters
        return np.flatnonzero(clusters.codes == cluster) if clusters else np.zeros(0, np.int64)


class View(NamedTuple):
    """How the table is looked at."""

    by: str = "first_position"
    down: bool = False
    page: int = 0


def view_of(data: Any) -> View:
    """Return what a browser asks for, or the usual where that makes no sense."""
    data = data if isinstance(data, dict) else {}
    by, page = data.get("by"), data.get("page")
    page = page if isinstance(page, int) and page >= 0 else 0
    return View(by if by in COLUMNS else View().by, bool(data.get("down")), page)


def fitting(table: pa.Table, text: str, view: View) -> list[int]:
    """Return the rows of the clusters in whose name or example all words of a text are, sorted."""
    words = text.casefold().split()
    told = zip(table["name"].to_pylist(), table["medoid"].to_pylist(), strict=True)
    rows = [row for row, each in enumerate(told) if all(word in "\n".join(each).casefold() for word in words)]
    values = table[view.by].to_pylist()
    keys = [value.casefold() for value in values] if view.by == "name" else values
    return sorted(rows, key=lambda row: keys[row], reverse=view.down)


def page_of(rows: list[int], view: View) -> tuple[list[int], View, int]:
    """Return the rows of the page that is asked for, or of the last; what page that is, and of how many."""
    pages = max(-(-len(rows) // ROWS), 1)
    view = view._replace(page=min(view.page, pages - 1))
    return rows[view.page * ROWS : (view.page + 1) * ROWS], view, pages


def tables_pager(view: View, pages: int) -> Component | None:
    """Return the buttons that turn the pages of the table."""
    return pager(VIEW, {"by": view.by, "down": view.down}, view.page, pages, "clusters")


def named(shown: Shown) -> str:
    """Say how many clusters there are, and how many of them the user has named."""
    return f"{len(shown.given):,} of {len(shown.table):,} named"


def found_of(shown: Shown, found: int) -> str:
    """Say how many clusters were looked for and found; nothing where all are shown."""
    return "" if found == len(shown.table) else f"{found:,} found"


def cluster_table(shown: Shown, rows: list[int], view: View) -> Component:
    """Return rows of the table, below a heading that sorts."""
    clusters = shown.table.take(pa.array(rows, pa.int64())).to_pylist()
    body = [_row(shown, each, row) for row, each in zip(rows, clusters, strict=True)]
    heading = [
        html.Th("Medoid", scope="col"),
        *[html.Th("Centroid", scope="col")] * shown.has_centroids,
        *(_sorting(name, view) for name in COLUMNS),
        html.Th("Images", scope="col"),
    ]
    caption = html.Caption("Clusters", className="unseen")
    return html.Table([caption, html.Thead(html.Tr(heading)), html.Tbody(body)], className="clusters")


def _sorting(name: str, view: View) -> Component:
    label, down = COLUMNS[name]
    state, arrow = "none", ""
    if view.by == name:
        state, arrow = ("descending", " ▼") if view.down else ("ascending", " ▲")
        down = not view.down
    text = [label, html.Span(arrow, **{"aria-hidden": "true"})]
    button = action(text, VIEW, {"by": name, "down": down}, f"{label}: sort by it")
    return html.Th(button, scope="col", className=f"of-{name}", **{"aria-sort": state})


def _row(shown: Shown, cluster: dict[str, Any], row: int) -> Component:
    name = visible(cluster["name"])
    link = dcc.Link(
        [f"Show {cluster['files']:,}", html.Span(f" images of {name}", className="unseen")],
        href=f"/clusters?cluster={cluster['cluster']}",
    )
    cells = [
        html.Td(tile(shown.snapshot, cluster["medoid_position"])),
        *[html.Td(centroid_picture(shown.snapshot, row, name)) for _ in range(shown.has_centroids)],
        html.Th(name_field(shown, cluster), scope="row", className="of-name"),
        html.Td(f"{cluster['files']:,}", className="of-files"),
        html.Td(f"{cluster['size']:,}", className="of-size"),
        html.Td(tightness_bar(cluster["tightness"]), className="of-tightness"),
        html.Td(f"{cluster['first_position']:,}", className="of-first_position"),
        html.Td(link, className="of-link"),
    ]
    return html.Tr(cells, key=str(cluster["cluster"]))


def name_field(shown: Shown, cluster: dict[str, Any], where: str = "table") -> Component:
    """Return what shows the name of a cluster, and takes another one."""
    number, name = cluster["cluster"], visible(cluster["name"])
    own, automatic = shown.given.get(number), shown.automatic.get(number, "")
    if shown.read_only:
        return html.Span(name, className="cluster-name")
    entry = dcc.Input(
        id={"type": "cluster-name", "cluster": number, "where": where},
        value=own or "",
        placeholder=visible(automatic),
        autoComplete="off",
        spellCheck=False,
        maxLength=200,
        debounce=True,
    )
    said = [] if own in (None, cluster["name"]) else [html.Small(f"shown as {name}")]
    label = html.Label([html.Span(f"Name of {name}", className="unseen"), entry])
    return html.Div([label, *said], className="cluster-name", **{"data-cluster-name": str(number)})


def tightness_bar(value: float) -> Component:
    """Return how tight a cluster is, as a bar and a number."""
    bar = html.Span(html.Span(style={"width": f"{value:.0%}"}), className="bar")
    return html.Div([bar, html.Span(f"{value:.2f}")], className="tightness")


def centroid_picture(snapshot: Snapshot, row: int, name: str) -> Component:
    """Return the picture of a cluster's centroid, by its row in the table."""
    source = f"/centroid/{snapshot.generation}/{row}"
    return html.Img(src=source, alt=f"Centroid of {name}", className="centroid")
