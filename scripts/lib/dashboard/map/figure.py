"""What Plotly draws: points without axes, whose numbers travel as bytes.

Plotly takes hover texts for a kind of HTML, so it is given none; the page has a tooltip of its own. The
window and the camera are put in by the browser, which knows them (`assets/map.js`).
"""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.lib.dashboard.map.colouring import Colouring
from scripts.lib.dashboard.map.detail_level import Drawn, Window
from scripts.lib.dashboard.map.filters import Mask
from scripts.lib.dashboard.map.palettes import FADED, Theme
from scripts.lib.dashboard.map.selection import Outline
from scripts.lib.ordering.vectors import Floats
from scripts.lib.run.visible import visible

BORDER = 0.03  # of the map, around it
MOST_NAMES = 5_000  # of groups that the tooltip knows
EYE = {"x": 0.95, "y": 0.95, "z": 0.65}  # where the camera is at first
SIZES = (2.5, 10.0)  # of points, in pixels


@dataclass(frozen=True)
class Scene:
    """What is to be drawn.

    places : (n, 2) or (n, 3), of all files
    highlighted : (n,) bool, which files are selected; None for no selection
    drawn, context : files in colour, and faint ones behind them
    areas : outlines of what is selected
    """

    places: Floats
    colours: Colouring
    theme: Theme
    highlighted: Mask | None
    drawn: Drawn
    context: Drawn
    areas: Sequence[Outline] = ()

    @property
    def is_flat(self) -> bool:
        """Tell whether it is a map in the plane."""
        return int(self.places.shape[1]) == 2


def typed(numbers: npt.NDArray[Any]) -> dict[str, str]:
    """Return numbers as Plotly takes them as bytes."""
    code = f"{numbers.dtype.kind}{numbers.dtype.itemsize}"
    return {"dtype": code, "bdata": base64.b64encode(np.ascontiguousarray(numbers).data).decode()}


def figure(scene: Scene) -> dict[str, Any]:
    """Return a figure as Plotly takes it."""
    traces = [_context(scene), _points(scene)]
    return {"data": traces, "layout": _layout(scene)}


def home(plane: Floats) -> Window:
    """Return the window that shows the whole map."""
    if not len(plane):
        return (-1.0, 1.0, -1.0, 1.0)
    (left, right), (bottom, top) = ((float(side.min()), float(side.max())) for side in plane.T)
    wide, high = BORDER * (right - left) or 1.0, BORDER * (top - bottom) or 1.0
    return (left - wide, right + wide, bottom - high, top + high)


def point_size(count: int) -> float:
    """Return how large points are of which there are so many, in pixels."""
    low, high = SIZES
    return round(min(high, max(low, 16 - 2.6 * math.log10(max(count, 1)))), 1)


def _points(scene: Scene) -> dict[str, Any]:
    """Return the points in colour; those that are not selected lie below."""
    positions, rows = scene.drawn.positions, scene.colours.rows[scene.drawn.positions]
    if scene.highlighted is not None:
        chosen = scene.highlighted[positions]
        rows = np.where(chosen, rows, np.uint8(FADED))
        upwards = np.argsort(chosen, kind="stable")
        positions, rows = positions[upwards], rows[upwards]
    table = scene.colours.colours(scene.theme)
    last = max(len(table) - 1, 1)
    marker = {
        "color": typed(rows),
        "colorscale": [[i / last, colour] for i, colour in enumerate(table)],
        "cmin": 0,
        "cmax": last,
    }
    trace = _trace(scene, positions, marker, point_size(len(positions)), "none")
    return trace | {"customdata": typed(positions), "meta": _groups(scene, positions)}


def _context(scene: Scene) -> dict[str, Any]:
    """Return the points of what does not pass the filters: where the others lie among them."""
    table, positions = scene.colours.colours(scene.theme), scene.context.positions
    size = point_size(max(len(positions), len(scene.drawn.positions))) * 0.7
    return _trace(scene, positions, {"color": table[FADED]}, size, "skip")


def _trace(
    scene: Scene, positions: npt.NDArray[np.int32], marker: dict[str, Any], size: float, hover: str
) -> dict[str, Any]:
    places = scene.places[positions]
    axes = {name: typed(places[:, i]) for i, name in enumerate("xyz"[: places.shape[1]])}
    look = {"size": size if scene.is_flat else max(1.5, size * 0.4), "line": {"width": 0}, "opacity": 1}
    return {
        "type": "scattergl" if scene.is_flat else "scatter3d",
        "mode": "markers",
        "marker": marker | look,
        "hoverinfo": hover,
        "showlegend": False,
        **axes,
    }


def _groups(scene: Scene, positions: npt.NDArray[np.int32]) -> dict[str, Any]:
    """Return which group each point is in, and the names of the groups, for the tooltip."""
    groups = scene.colours.groups
    if groups is None or len(groups.names) > MOST_NAMES:
        return {}
    return {
        "codes": typed(groups.codes[positions].astype(np.int32)),
        "names": [visible(name) for name in groups.names],
    }


def _layout(scene: Scene) -> dict[str, Any]:
    bare = {"visible": False, "showgrid": False, "zeroline": False, "showspikes": False}
    shared = {
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "hoverdistance": 12,
        "showlegend": False,
    }
    if not scene.is_flat:
        axis: dict[str, Any] = bare | {"showbackground": False}
        space: dict[str, Any] = {f"{name}axis": axis for name in "xyz"}
        space |= {"aspectmode": "data", "dragmode": "orbit", "camera": {"eye": EYE}}
        return shared | {"scene": space, "meta": {"home": None, "eye": EYE}}
    whole = home(scene.places)
    return shared | {
        "xaxis": bare | {"range": list(whole[:2])},
        "yaxis": bare | {"range": list(whole[2:]), "scaleanchor": "x", "scaleratio": 1},
        "shapes": [_shape(area, scene.theme) for area in scene.areas],
        "meta": {"home": list(whole)},
    }


def _shape(area: Outline, theme: Theme) -> dict[str, Any]:
    path = "M" + "L".join(f"{x:.6g},{y:.6g}" for x, y in area) + "Z"
    return {"type": "path", "path": path, "line": {"color": _ink(theme), "width": 1.5, "dash": "dot"}}


def _ink(theme: Theme) -> str:
    return "#22211f" if theme == "light" else "#e9e7e2"
