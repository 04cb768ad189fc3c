"""The diagrams: links along the path, their histogram, orders compared, surroundings kept."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from scripts.lib.ordering.measure.quality import Quality
from scripts.lib.pictures.page import ACCENT, DASHED, INK, LIGHT, SOFT, TINT, number, percent

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

STRETCHES = 500  # of the path, at most
BINS = 48
LEGEND: dict[str, Any] = {
    "loc": "upper left",
    "ncols": 2,
    "frameon": False,
    "borderaxespad": 0,
    "borderpad": 0,
    "handlelength": 1,
    "handleheight": 1,
    "handletextpad": 0.5,
    "columnspacing": 1.2,
}
TELLING = 0.5  # neighbourhoods of more than half of everything say little
ORDERS = {"random": "random", "input": "by file name", "mst_walk": "tree walk", "path": "this order"}


class Stretches(NamedTuple):
    """A path in stretches of nearly equal length.

    starts : (s + 1,) first link of each, and the number of links
    medians, maxima : (s,) of the links in each
    """

    starts: npt.NDArray[np.int64]
    medians: Doubles
    maxima: Doubles


class Row(NamedTuple):
    """A bar with its name: shares between 0 and 1, and what chance would give."""

    name: str
    share: float
    chance: float


def stretches(links: Floats, limit: int = STRETCHES) -> Stretches:
    """Divide the links of a path, (m,), into at most so many stretches; one a link where they suffice."""
    count = min(len(links), limit)
    starts = np.linspace(0, len(links), count + 1).astype(np.int64)
    parts = [links[start:end] for start, end in pairwise(starts)]
    medians, maxima = ([float(of(part)) for part in parts] for of in (np.median, np.max))
    return Stretches(starts, np.array(medians), np.array(maxima))


def draw_links(axes: Axes, links: Floats, random_mean: float) -> None:
    """Draw the links in the order of the path: the longest and the median of each stretch."""
    parts = stretches(links)
    axes.stairs(parts.maxima, parts.starts, fill=True, color=TINT)
    axes.stairs(parts.medians, parts.starts, baseline=None, color=ACCENT, linewidth=1.0)
    axes.axhline(random_mean, color=SOFT, linewidth=0.8, linestyle=DASHED)
    axes.set_xlim(0, max(1, len(links)))
    axes.set_ylim(0, 1.1 * max(random_mean, float(links.max(initial=0.0))) or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")


def draw_histogram(axes: Axes, links: Floats, random_links: Floats) -> None:
    """Draw how often which length occurs, in the path and in a random order."""
    top = 1.02 * max(float(links.max(initial=0.0)), float(random_links.max(initial=0.0))) or 1.0
    edges = np.linspace(0, top, BINS + 1)
    for values, colour, name in ((random_links, LIGHT, "random order"), (links, ACCENT, "this order")):
        counts = np.histogram(values, edges)[0] / max(1, len(values))
        axes.stairs(counts, edges, fill=True, color=colour, alpha=0.85, label=name)
    axes.set_xlim(0, top)
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])  # room for the legend
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.legend(**LEGEND)


def draw_orders(axes: Axes, quality: Quality) -> None:
    """Draw the mean links of all orders as bars, and the bound below which no order comes."""
    names = [name for name in ORDERS if name in quality.orders]
    means = [quality.orders[name].mean for name in names]
    colours = [ACCENT if name == "path" else LIGHT for name in names]
    _bars(axes, [ORDERS[name] for name in names], means, colours)
    top = max(means, default=0.0) or 1.0
    for place, mean in enumerate(means):
        axes.text(mean + 0.03 * top, place, number(mean), va="center", color=INK)
    axes.set_xlim(0, 1.2 * top)
    if quality.path.length and quality.path.lower_bound:
        least = quality.orders["path"].mean * quality.path.lower_bound / quality.path.length
        axes.axvline(least, color=INK, linewidth=0.8, linestyle=DASHED)
        axes.text(least, 1.0, "lower bound", transform=axes.get_xaxis_transform(), ha="center", va="bottom")


def kept_rows(quality: Quality) -> list[Row]:
    """Return what is known of the surroundings that are kept."""
    rows = [
        Row(f"{kept.k} nearest", kept.share, kept.chance or 0.0)
        for kept in quality.preservation.neighbors
        if kept.share is not None and (kept.chance or 0) < TELLING
    ]
    if quality.preservation.dpq is not None:
        rows.append(Row("DPQ", quality.preservation.dpq, 0.0))
    share = quality.orders["path"].label_share
    return rows if share is None else [*rows, Row("same folder", share, quality.label_chance or 0.0)]


def draw_kept(axes: Axes, rows: list[Row]) -> None:
    """Draw shares as bars, each with a tick at what chance would give."""
    _bars(axes, [row.name for row in rows], [row.share for row in rows], [ACCENT] * len(rows))
    for place, row in enumerate(rows):
        end = max(row.share, row.chance)
        axes.text(end + 0.02, place, percent(row.share), va="center", color=INK)
        axes.vlines(row.chance, place - 0.42, place + 0.42, color=INK, linewidth=1.2)
    axes.set_xlim(0, 1.2)


def _bars(axes: Axes, names: list[str], values: list[float], colours: list[str]) -> None:
    places = np.arange(len(names))
    axes.barh(places, values, height=0.62, color=colours)
    axes.set_yticks(places, names, color=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)
