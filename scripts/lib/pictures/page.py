"""A page on which everything has its place in inches from the upper left corner, and its typography.

The page is drawn by matplotlib with a font of its own, without a window and without the user's settings,
so that equal figures give equal bytes.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from PIL import Image

DPI = 200
WIDTH = 8.0  # inches
MARGIN = 0.42
INK, SOFT, LIGHT, FAINT = "#262626", "#7d7d7d", "#c4c4c4", "#eeeeee"
ACCENT, TINT = "#c2502e", "#f0d3c6"
DASHED = (0, (4, 3))
SIZES = {"title": 14.0, "number": 19.0, "heading": 9.0, "text": 7.5, "small": 6.5, "tile": 5.5}
MISSING = "\N{WHITE SQUARE}"

_FONT = "DejaVu Sans"  # comes with matplotlib
_SETTINGS: Any = {
    "text.parse_math": False,  # a dollar in a name starts no formula
    "font.family": _FONT,
    "font.size": SIZES["text"],
    "text.color": INK,
    "axes.edgecolor": LIGHT,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": LIGHT,
    "xtick.labelcolor": SOFT,
    "ytick.color": LIGHT,
    "ytick.labelcolor": SOFT,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
}


@contextmanager
def typography() -> Iterator[None]:
    """Draw with the settings of this page, and let no warning about a character reach the user."""
    with matplotlib.rc_context(), catch_warnings():
        simplefilter("ignore")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


class Page:
    """A white page of a given height, in inches."""

    def __init__(self, height: float) -> None:
        self.height = height
        self.figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Make room for a diagram."""
        box = (left / WIDTH, 1 - (top + height) / self.height, width / WIDTH, height / self.height)
        return self.figure.add_axes(box)

    def write(self, left: float, baseline: float, text: str, size: str = "text", **style: Any) -> None:
        """Write lines, the first one on a baseline."""
        for line in printable(text).split("\n"):
            self.figure.text(left / WIDTH, 1 - baseline / self.height, line, fontsize=SIZES[size], **style)
            baseline += leading(size)

    def paste(self, left: float, top: float, picture: Image.Image) -> None:
        """Put a picture down, pixel by pixel."""
        bottom = round(self.height * DPI) - round(top * DPI) - picture.height
        self.figure.figimage(np.asarray(picture), round(left * DPI), bottom, origin="upper")

    def save(self, target: Path, kind: str = "png") -> None:
        """Write the page as PNG or, with `jpeg`, as JPEG."""
        settings: Any = {"metadata": {"Software": None}} if kind == "png" else {"pil_kwargs": {"quality": 90}}
        self.figure.savefig(target, format=kind, dpi=DPI, **settings)


def leading(size: str) -> float:
    """Return the distance of two lines in inches."""
    return 1.4 * SIZES[size] / 72


def printable(text: str) -> str:
    """Return text as the font can show it: line ends kept, controls left out, the unknown as squares."""
    known = _characters()
    kinds = ((character, unicodedata.category(character)) for character in text)
    return "".join(
        character if character == "\n" or ord(character) in known else MISSING
        for character, kind in kinds
        if character == "\n" or (kind not in ("Cc", "Cf") and (kind != "Mn" or ord(character) in known))
    )


@cache
def _characters() -> frozenset[int]:
    font = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return frozenset(FT2Font(str(font)).get_charmap())


def number(value: float) -> str:
    """Return a length with three digits that count."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:#.3g}".rstrip(".")


def percent(share: float) -> str:
    """Return a share in percent, small ones with one digit that counts."""
    return f"{share:.0%}" if share >= 0.01 or share == 0 else f"{100 * share:.1g}%"
