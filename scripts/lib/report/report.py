"""The report: what there is to be shown of a run, chosen, decoded, and filled into one page.

Nothing is loaded from anywhere, a policy forbids scripts, and whatever is filled in is escaped: no file name
can become anything but text.
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from PIL import Image

from scripts.lib.artifacts.record import Record
from scripts.lib.files.rejected import read_rejected
from scripts.lib.report import about
from scripts.lib.report.album import Album, Limits
from scripts.lib.report.copies import Copies, copies_of
from scripts.lib.report.encode import Picture, as_picture
from scripts.lib.report.groups import METHODS, Groups, categories_of, clusters_of
from scripts.lib.report.ordered import COLUMNS, Ordered
from scripts.lib.report.sequence import Profile, Sheet, WorstPair, profile_of, sheet_of, worst_pairs
from scripts.lib.report.timings import Timing, timings
from scripts.lib.run.visible import visible
from scripts.lib.view import quality as good
from scripts.lib.view.artifacts import Moving, Seen, State, intact, see_all
from scripts.lib.view.left_out import LeftOut, left_out
from scripts.lib.view.results import Results
from scripts.lib.words import counted, percent

TEMPLATES = Path(__file__).parent / "templates"
MAP_SIDE, MAP_BYTES = 1200, 320_000


class Required(NamedTuple):
    """What every sort leaves, and each report needs."""

    order: Path
    quality: Path
    rejected: Path
    copied: Path
    model: Path


class Absent(NamedTuple):
    """A section that can't be shown, the command that makes it, and whether it is of another order."""

    title: str
    command: str
    is_outdated: bool


@dataclass
class Page:
    """What the template fills in; `used` is what it was made from besides what is required."""

    results: Results
    ordered: Ordered
    quality: Mapping[str, Any]
    card: Mapping[str, Any]
    sheet: Sheet
    profile: Profile | None
    worst: list[WorstPair]
    rejected: LeftOut
    timings: list[Timing]
    made: datetime
    clusters: Groups | None = None
    map: Picture | None = None
    map_note: str = ""
    categories: Groups | None = None
    duplicates: Copies | None = None
    absent: list[Absent] = field(default_factory=list)
    used: list[Path] = field(default_factory=list)


def choose(required: Required, results: Results) -> Page:
    """Read what there is, and ask the album of the page for every image that will be on it."""
    quality, card = (
        json.loads(path.read_text(encoding="utf-8")) for path in (required.quality, required.model)
    )
    output = Path(results.config["output"]).expanduser()
    copied = pq.read_table(required.copied, columns=["position", "target"])
    ordered = Ordered(pq.read_table(required.order, columns=COLUMNS), copied, output, Album())
    counts = {"files": len(ordered), "items": quality["items"]}
    page = Page(
        results,
        ordered,
        quality,
        card,
        sheet_of(ordered),
        profile_of(ordered, quality["random_mean"]),
        worst_pairs(ordered, quality),
        left_out(read_rejected(required.rejected)),
        list(timings(results.collection, results.model, counts)),
        datetime.fromtimestamp(required.order.stat().st_mtime).astimezone(),
    )
    if len(ordered):
        _choose_what_there_is(page)
    return page


def _choose_what_there_is(page: Page) -> None:
    """Add a section for each optional artifact that belongs to the order, and a word on any other."""
    seen = see_all(page.results)
    for title, names, add in SECTIONS:
        found = [seen[name] for name in names]
        try:
            if all(each.is_present for each in found):
                paths = [intact(each) for each in found]
                add(page, found)
                page.used += paths
                continue
        except (Moving, OSError, KeyError, pa.ArrowException):  # another stage is at work on it, or it is old
            pass
        outdated = any(each.state is not State.MISSING for each in found)
        if found[-1].target != "categorize" or outdated or page.results.config["categories"]:
            page.absent.append(Absent(title, command_of(found[-1].target), outdated))


def _add_clusters(page: Page, found: list[Seen]) -> None:
    clusters, table = found
    numbers = pq.read_table(clusters.path, columns=["cluster"])["cluster"].to_numpy()
    page.clusters = clusters_of(page.ordered, numbers, pq.read_table(table.path), facts_of(clusters))


def _add_map(page: Page, found: list[Seen]) -> None:
    with Image.open(found[1].path) as image:
        image.thumbnail((MAP_SIDE, MAP_SIDE), Image.Resampling.LANCZOS)
        page.map = as_picture(image.convert("RGB"), MAP_BYTES)
    page.map_note = METHODS.get(facts_of(found[0]).facts["method"], "")


def _add_categories(page: Page, found: list[Seen]) -> None:
    (seen,) = found
    page.categories = categories_of(page.ordered, pq.read_table(seen.path), facts_of(seen))


def _add_duplicates(page: Page, found: list[Seen]) -> None:
    page.duplicates = copies_of(pq.read_table(found[0].path), page.ordered.album)


SECTIONS: Sequence[tuple[str, Sequence[str], Callable[[Page, list[Seen]], None]]] = (
    ("Clusters", ("clusters", "cluster_table"), _add_clusters),
    ("Map", ("projection", "projection_map"), _add_map),
    ("Categories", ("categories",), _add_categories),
    ("Duplicates", ("duplicates",), _add_duplicates),
)


def facts_of(seen: Seen) -> Record:
    """Return the record of an artifact that is there."""
    assert seen.record is not None
    return seen.record


def command_of(target: str) -> str:
    """Return the command that makes what a target makes; it takes the settings of the run, as it did."""
    return f"make {target.replace('_', '-')} ..."


def limits_of(config: Mapping[str, Any], processes: int) -> Limits:
    """Return what decoding may take."""
    return Limits(config["pixel_limit"], config["decode_seconds"], processes)


def render(page: Page, usual: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return the page.

    usual : the complete default configuration
    schema : of the configuration
    """
    config = page.results.config
    return (
        environment()
        .get_template("report.html")
        .render(
            page=page,
            config=config,
            picture=page.ordered.album.picture,
            figures=list(good.figures(page.quality)),
            sentences=list(good.sentences(page.quality)),
            compared=good.compared(page.quality),
            settings=about.settings(config, usual, schema),
            places=list(about.places(page.results.model)),
            folder=os.path.abspath(page.results.model),
            output=os.path.abspath(page.ordered.output),
            versions=list(about.versions()),
            model=list(about.model_facts(page.card)),
        )
    )


def environment() -> Environment:
    """Return an environment that escapes whatever is filled in, and makes all of it visible."""
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    jinja.filters |= {
        "breakable": breakable,
        "percent": percent,
        "counted": counted,
        "lasted": lasted,
    }
    return jinja


def breakable(name: str) -> Markup:
    """Return a name that a line may end in where people would break it."""
    return Markup(re.sub("([-_./ ])", r"\1<wbr>", str(escape(visible(name)))))


def lasted(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
