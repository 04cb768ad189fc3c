"""The images of one cluster, in order."""

from typing import Any

import pyarrow.compute as pc
from dash import dcc, html
from dash.development.base_component import Component

from scripts.lib.clustering.cluster_table import UNCLUSTERED
from scripts.lib.dashboard.actions import pager
from scripts.lib.dashboard.pages.cluster_rows import Shown, centroid_picture, name_field, tightness_bar
from scripts.lib.dashboard.tiles import tile
from scripts.lib.run.visible import visible
from scripts.lib.view.snapshot import UNKNOWN

IMAGES = 120  # on a page
PAGE = "cluster-page"  # the store of which page is shown


def cluster_images(shown: Shown, cluster: int, page: int) -> list[Component | None]:
    """Return a page of the images of a cluster, -1 for those that are in none."""
    row = shown.row(cluster)
    ways = html.Div(
        [dcc.Link("‹ All clusters", href="/clusters"), *_beside(shown, row)], className="cluster-ways"
    )
    if row is None and cluster != UNKNOWN:
        return [ways, _title("No such cluster")]
    positions = shown.positions(cluster)
    pages = max(-(-len(positions) // IMAGES), 1)
    page = min(page, pages - 1)
    turn = pager(PAGE, {"cluster": cluster}, page, pages, "images")
    places = positions[page * IMAGES : (page + 1) * IMAGES].tolist()
    pictures = [tile(shown.snapshot, each, f"{each:,}") for each in places]
    return [ways, *_about(shown, row), turn, html.Div(pictures, className="tiles"), turn]


def _title(name: str) -> Component:
    return html.H2(visible(name), id="cluster-title", tabIndex="-1", **{"data-home": ""})


def _about(shown: Shown, row: int | None) -> list[Component]:
    if row is None:
        return [_title(UNCLUSTERED), html.P("What the method found to belong to no cluster.")]
    cluster = shown.table.slice(row, 1).to_pylist()[0]
    figures = [html.Figure([tile(shown.snapshot, cluster["medoid_position"]), html.Figcaption("Medoid")])]
    if shown.has_centroids:
        picture = centroid_picture(shown.snapshot, row, visible(cluster["name"]))
        figures.append(html.Figure([picture, html.Figcaption("Centroid")]))
    return [_title(cluster["name"]), html.Div([*figures, _facts(shown, cluster)], className="cluster-about")]


def _facts(shown: Shown, cluster: dict[str, Any]) -> Component:
    first = cluster["first_position"]
    facts = {
        "Files": f"{cluster['files']:,} ({cluster['size']:,} different images)",
        "Tightness": tightness_bar(cluster["tightness"]),
        "Begins at": [f"{first:,} ", dcc.Link("in the order", href=f"/order?at={first}")],
    }
    if not shown.read_only:
        facts = {"Your name": name_field(shown, cluster, "view"), **facts}
    return html.Dl([part for term, told in facts.items() for part in (html.Dt(term), html.Dd(told))])


def _beside(shown: Shown, row: int | None) -> list[Component]:
    """Return links to the clusters before and after one along the order."""
    if row is None:
        return []
    along = pc.sort_indices(shown.table["first_position"]).to_pylist()
    place = along.index(row)
    others = (("‹ Former cluster", place - 1), ("Next cluster ›", place + 1))
    return [
        dcc.Link(label, href=f"/clusters?cluster={shown.table['cluster'][along[other]].as_py()}")
        for label, other in others
        if 0 <= other < len(along)
    ]
