"""The colours of the map, for light and for dark paper.

The colours of groups follow each other so that the first ones are told apart by all, with the usual kinds of
colour blindness, too, and every one from its neighbours. Of more groups than colours some share one; these
are far from each other in number, and the legend and the tooltip name them.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

Theme = Literal["light", "dark"]

STEPS = 254  # of a scale; with the colours before them they fit a byte
VIRIDIS = (  # ten of its colours, at equal distances
    *("#440154", "#482878", "#3e4989", "#31688e", "#26828e"),
    *("#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"),
)
FADED, UNKNOWN, FIRST = 0, 1, 2  # what the first colours of every table are for


class Palette(NamedTuple):
    """Colours as CSS writes them; `part` is what can be seen of the scale on this paper."""

    paper: str
    faded: str
    unknown: str
    groups: tuple[str, ...]
    part: tuple[float, float]


PALETTES: dict[str, Palette] = {
    "light": Palette(
        paper="#faf9f7",
        faded="#dddad4",
        unknown="#8a8780",
        groups=(
            *("#468bd0", "#e13600", "#188264", "#7150c8", "#df881e", "#a71b97"),
            *("#0baeaf", "#514e3a", "#262267", "#707800", "#a10d0b", "#b96fff"),
        ),
        part=(0.0, 0.88),
    ),
    "dark": Palette(
        paper="#1b1b1c",
        faded="#3b3a3a",
        unknown="#8f8c86",
        groups=(
            *("#72d8ff", "#ed9925", "#4ac68f", "#9090ff", "#edfd2e", "#e35cc0"),
            *("#88ffcb", "#a36c7c", "#5866f6", "#c9d86a", "#f05e47", "#ffaccd"),
        ),
        part=(0.22, 1.0),
    ),
}
COLOURS = len(PALETTES["light"].groups)


def group_colours(theme: Theme) -> list[str]:
    """Return the table of colours of groups: faded, unknown, and then one after the other."""
    palette = PALETTES[theme]
    return [palette.faded, palette.unknown, *palette.groups]


@lru_cache
def scale_colours(theme: Theme) -> list[str]:
    """Return the table of colours of a scale, viridis from its low to its high end."""
    palette = PALETTES[theme]
    anchors = np.array([[int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in VIRIDIS])
    places, known = np.linspace(*palette.part, STEPS), np.linspace(0, 1, len(VIRIDIS))
    steps = np.column_stack([np.interp(places, known, anchors[:, channel]) for channel in range(3)])
    return [
        palette.faded,
        palette.unknown,
        *(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in steps.round().astype(int)),
    ]
