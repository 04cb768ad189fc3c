"""From what a browser asks to what it draws."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.lib.dashboard.map import figure as figures
from scripts.lib.dashboard.map.chosen import Chosen, Question
from scripts.lib.dashboard.map.detail_level import Window, draw, sentence, within
from scripts.lib.dashboard.map.figure import Scene
from scripts.lib.dashboard.map.palettes import Theme
from scripts.lib.dashboard.map.reading import items, number, text
from scripts.lib.ordering.vectors import Floats
from scripts.lib.view.snapshot import Snapshot

CONTEXT_AT_MOST = 20_000


@dataclass(frozen=True)
class View:
    """How a browser looks at the map; no window shows all."""

    key: str
    theme: Theme
    window: Window | None = None

    @classmethod
    def read(cls, key: Any, theme: Any, window: Any) -> "View":
        """Return what a browser sent.

        Raises
        ------
        ValueError
            where it is no such thing.
        """
        sides = [number(side) for side in items(window)]
        shown = (sides[0], sides[1], sides[2], sides[3]) if len(sides) == 4 else None
        return cls(text(key), "dark" if theme == "dark" else "light", shown)


@dataclass(frozen=True)
class Drawing:
    """What is drawn; `passing` files of `total` pass the filters."""

    scene: Scene
    generation: str
    passing: int
    total: int

    def figure(self) -> dict[str, Any]:
        """Return it as Plotly takes it."""
        drawn = figures.figure(self.scene)
        drawn["layout"]["meta"]["generation"] = self.generation
        return drawn

    def sentence(self) -> str:
        """Return what a reader has to know of it."""
        return sentence(self.scene.drawn, self.passing, self.total)


def drawing(snapshot: Snapshot, places: Floats, chosen: Chosen, question: Question, view: View) -> Drawing:
    """Return what is drawn.

    places : (n, 2) or (n, 3), of all files; a window is one of the plane
    """
    passes, ranked = chosen.passing(snapshot, question), chosen.ranking(snapshot)
    window = view.window if places.shape[1] == 2 else None
    scene = Scene(
        places=places,
        colours=chosen.colouring(snapshot, view.key),
        theme=view.theme,
        highlighted=chosen.selected(snapshot, question),
        drawn=draw(within(passes, places, window), ranked),
        context=draw(within(~passes, places, window), ranked, CONTEXT_AT_MOST),
        areas=question.selection.areas,
    )
    return Drawing(scene, snapshot.generation, int(np.count_nonzero(passes)), len(snapshot))
