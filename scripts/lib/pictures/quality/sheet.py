"""The whole picture: the figures that matter most, the diagrams, and the worst links to look at."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from scripts.lib.ordering.measure.quality import Quality
from scripts.lib.ordering.vectors import Floats
from scripts.lib.pictures.page import MARGIN, SOFT, WIDTH, Page, leading, number, percent, typography
from scripts.lib.pictures.quality import panels
from scripts.lib.pictures.quality.pairs import Pair, draw_pairs, row_height, rows_of

TOP_OF_PAIRS = 5.68  # inches


@dataclass(frozen=True)
class Sheet:
    """What the picture shows.

    links, random_links : (n - 1,) float32, of the path and of a random order
    pairs : the worst links, worst first
    """

    quality: Quality
    links: Floats
    random_links: Floats
    pairs: tuple[Pair, ...]


def draw_sheet(sheet: Sheet, target: Path) -> None:
    """Write the picture, a PNG 1,600 pixels wide; equal figures and images give equal bytes."""
    notes, rows = notes_on(sheet.quality), rows_of(sheet.pairs)
    end = TOP_OF_PAIRS + rows * row_height() if rows else TOP_OF_PAIRS - 0.4
    with typography():
        page = Page(end + 0.4 + leading("small") * len(notes))
        _draw_head(page, sheet)
        _draw_diagrams(page, sheet)
        if rows:
            _heading(
                page, MARGIN, TOP_OF_PAIRS - 0.14, "Worst links", "place of the first in the order; distance"
            )
            draw_pairs(page, TOP_OF_PAIRS, sheet.pairs)
        page.write(MARGIN, end + 0.15, "\n".join(notes), "small", color=SOFT)
        page.save(target)


def notes_on(quality: Quality) -> list[str]:
    """Explain the figures, a line each."""
    kept, near = quality.preservation, quality.near_duplicates
    sample = (
        f" Measured from {kept.sample:,} of {quality.items:,} items." if kept.sample < quality.items else ""
    )
    notes = [
        "k nearest: of the k nearest places in the order, the share held by the k nearest items. "
        "DPQ: distance preservation quality,",
        f"after Barthel et al. (2022), 0 to 1. Upright ticks: by chance.{sample}",
    ]
    if quality.tree.exact:
        notes.append("No order has a worst link shorter than the longest edge of the minimum spanning tree.")
    if near.groups:
        notes.append(
            f"Near-duplicates, linked by distances up to {number(near.threshold)}: {near.items:,} items in "
            f"{near.groups:,} groups, of which {near.contiguous:,} stand in one stretch of the order."
        )
    return notes


def _draw_head(page: Page, sheet: Sheet) -> None:
    page.write(MARGIN, 0.52, "How good the order is", "title", fontweight="bold")
    page.write(WIDTH - MARGIN, 0.52, f"{sheet.quality.items:,} items", "heading", color=SOFT, ha="right")
    numbers = key_numbers(sheet.quality)
    pitch = (WIDTH - 2 * MARGIN) / max(4, len(numbers))
    for column, (value, caption) in enumerate(numbers):
        lines = wrap(caption, round(15 * pitch))
        page.write(MARGIN + column * pitch, 1.05, value, "number")
        page.write(MARGIN + column * pitch, 1.28, "\n".join(lines), color=SOFT)


def key_numbers(quality: Quality) -> list[tuple[str, str]]:
    """Return the figures that matter most, each with what it is."""
    path, label = quality.path, quality.orders["path"].label_share
    numbers = [(number(path.mean), "mean link"), (percent(path.ratio), "of a random order's mean link")]
    if path.gap is not None:
        sure = "proven" if path.bound_kind == "proven" else f"{percent(path.bound_confidence or 0)} sure"
        numbers.append(
            (
                f"{path.gap:.2%}" if path.gap < 1 else f"{path.gap:.0%}",
                f"at most above the least possible length ({sure})",
            )
        )
    if quality.worst_over_tree is not None:
        edge = "tree edge; 1 is the least" if quality.tree.exact else "edge of an approximate tree"
        numbers.append((number(quality.worst_over_tree), f"worst link over longest {edge}"))
    if label is not None:
        chance = f"by chance {percent(quality.label_chance or 0)}"
        numbers.append((percent(label), f"of neighbours share a folder; {chance}"))
    return numbers


def _draw_diagrams(page: Page, sheet: Sheet) -> None:
    quality, right = sheet.quality, WIDTH - MARGIN
    each = -(-len(sheet.links) // panels.STRETCHES)
    shown = f"longest and median of every {each:,} links; " if each > 1 else ""
    _heading(page, MARGIN, 2.08, "Links along the path", f"{shown}dashed: mean of a random order")
    links = page.axes(MARGIN + 0.2, 2.2, right - MARGIN - 0.2, 1.0)
    panels.draw_links(links, sheet.links, quality.path.random_mean)
    _heading(page, MARGIN, 3.75, "Lengths of links")
    panels.draw_histogram(page.axes(MARGIN, 3.95, 2.2, 1.0), sheet.links, sheet.random_links)
    _heading(page, 3.0, 3.75, "Mean link")
    panels.draw_orders(page.axes(3.72, 3.95, 1.6, 1.0), quality)
    if rows := panels.kept_rows(quality):
        _heading(page, 5.7, 3.75, "Surroundings kept")
        panels.draw_kept(page.axes(6.42, 3.95, right - 6.42, 1.0), rows)


def _heading(page: Page, left: float, baseline: float, text: str, note: str = "") -> None:
    page.write(left, baseline, text, "heading", fontweight="bold")
    page.write(WIDTH - MARGIN, baseline, note, color=SOFT, ha="right")
