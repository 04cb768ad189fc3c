"""The picture of how many clusters there are: each criterion along their number, and their sizes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scripts.lib.pictures.page import ACCENT, DASHED, FAINT, INK, LIGHT, MARGIN, SOFT, WIDTH, Page, typography

PANEL, GAP, TOP = 1.15, 0.62, 1.0  # inches


def draw_clusters(facts: Mapping[str, Any], target: Path) -> None:
    """Draw what `clusters.json` says."""
    estimate = facts["estimate"] or {"curves": {}, "tried": [], "votes": {}}
    panels = len(estimate["curves"])
    with typography():
        page = Page(TOP + (panels + 1) * (PANEL + GAP) + 0.2)
        page.write(MARGIN, 0.42, _title(facts), "title")
        page.write(MARGIN, 0.66, _subtitle(facts, estimate), color=SOFT)
        for place, (name, values) in enumerate(estimate["curves"].items()):
            _draw_curve(page, TOP + 0.2 + place * (PANEL + GAP), name, values, estimate)
        _draw_sizes(page, TOP + 0.2 + panels * (PANEL + GAP), facts["sizes"])
        page.save(target)


def _title(facts: Mapping[str, Any]) -> str:
    return f"{facts['clusters']:,} clusters" if facts["clusters"] != 1 else "One cluster"


def _subtitle(facts: Mapping[str, Any], estimate: Mapping[str, Any]) -> str:
    words = [f"by {facts['method']}"]
    if facts["scaling"] != "none":
        words.append(f"dimensions scaled: {facts['scaling']}")
    if estimate["votes"]:
        words.append(
            "their number is the middle of the votes"
            if len(estimate["votes"]) > 1
            else "their number is an estimate"
        )
    if estimate["curves"]:
        words.append("the higher a curve, the better the number")
    if facts["unclustered"]:
        words.append(f"{facts['unclustered']:,} images in none")
    return " · ".join(words)


def _draw_curve(page: Page, top: float, name: str, values: list[float], estimate: Mapping[str, Any]) -> None:
    vote = estimate["votes"].get(name)
    page.write(MARGIN, top, name, "heading")
    page.write(WIDTH - MARGIN, top, f"{vote:,}" if vote else "has no vote here", ha="right", color=SOFT)
    axes = page.axes(MARGIN, top + 0.1, WIDTH - 2 * MARGIN, PANEL - 0.1)
    axes.set_xscale("log")
    axes.plot(estimate["tried"], values, color=INK if vote else LIGHT, linewidth=1.2)
    axes.axvline(estimate["number"], color=ACCENT, linewidth=1, linestyle=DASHED)
    if vote:
        axes.plot([vote], [values[estimate["tried"].index(vote)]], "o", color=ACCENT, markersize=4)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    _number_ticks(axes, estimate["tried"][0], estimate["tried"][-1])


def _number_ticks(axes: Any, first: int, last: int) -> None:
    ticks = [t * 10**p for p in range(5) for t in (1, 2, 5) if first <= t * 10**p <= last]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()


def _draw_sizes(page: Page, top: float, sizes: list[int]) -> None:
    page.write(MARGIN, top, "Images in each cluster, along the path", "heading")
    axes = page.axes(MARGIN + 0.3, top + 0.1, WIDTH - 2 * MARGIN - 0.3, PANEL - 0.1)
    axes.set_facecolor(FAINT if not sizes else "white")
    axes.stairs(sizes, np.arange(len(sizes) + 1) - 0.5, fill=True, color=INK)
    axes.margins(x=0.01)
    axes.locator_params(integer=True)
