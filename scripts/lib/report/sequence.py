"""The order itself: a contact sheet, its links, and the worst of these as pairs of images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.pictures.contact_sheet import evenly_spaced
from scripts.lib.report.album import Shot
from scripts.lib.report.ordered import Ordered

SHEET, FEW = 240, 40  # images on the sheet; up to so many are shown large
PAIRS = 12
WORSE = 1.05  # times the mean link, at least
LEAST_LINKS = 8  # that make a profile
STRETCHES = 360  # of the profile
MEDIAN_OF = 3  # links in a stretch, at least
HEIGHT = 100  # units of the profile's drawing


class Sheet(NamedTuple):
    """The order at a glance: evenly spaced images of it."""

    shots: list[Shot]
    files: int

    @property
    def are_few(self) -> bool:
        """Tell whether there are so few that they are shown large."""
        return len(self.shots) <= FEW


def sheet_of(ordered: Ordered) -> Sheet:
    """Choose the images of the contact sheet."""
    rows = evenly_spaced(len(ordered), SHEET)
    return Sheet(ordered.shots(rows, "large" if len(rows) <= FEW else "tile"), len(ordered))


class WorstPair(NamedTuple):
    """A link that stands out."""

    first: Shot
    second: Shot
    times: float | None  # the mean link


def worst_pairs(ordered: Ordered, quality: Mapping[str, Any]) -> list[WorstPair]:
    """Ask for the images at the longest links.

    quality : what `quality.json` holds
    """
    pairs = []
    for link in quality["worst"][:PAIRS]:
        row, distance = link["position"], link["distance"]
        if row + 1 < len(ordered) and distance > WORSE * quality["mean"]:
            ends = ordered.shot(row, "view"), ordered.shot(row + 1, "view")
            pairs.append(WorstPair(*ends, distance / quality["mean"] if quality["mean"] else None))
    return pairs


@dataclass(frozen=True)
class Profile:
    """The links along the order, as a drawing of bars: of each stretch the longest and the median.

    bars : (left, width, height of the longest, height of the median), in percent of the drawing
    each : links in a stretch
    chance : height of a random order's mean link, None where it lies above the drawing
    """

    bars: Sequence[tuple[float, float, float, float]]
    each: int
    longest: float
    chance: float | None

    @property
    def has_medians(self) -> bool:
        """Tell whether stretches are long enough for a median of their own."""
        return self.each >= MEDIAN_OF


def profile_of(ordered: Ordered, random_mean: float) -> Profile | None:
    """Draw the links; None where there is nothing to be seen."""
    links = ordered.order["distance_to_next"].drop_null().to_numpy()
    longest = float(links.max(initial=0.0))
    if len(links) < LEAST_LINKS or not longest:
        return None
    each = -(-len(links) // STRETCHES)
    stretches = [links[start : start + each] for start in range(0, len(links), each)]
    width, scale = 100 / len(stretches), HEIGHT / longest
    bars = [
        (
            round(i * width, 3),
            round(width * 0.8, 3),
            _height(stretch.max(), scale),
            _height(np.median(stretch), scale),
        )
        for i, stretch in enumerate(stretches)
    ]
    chance = _height(np.float32(random_mean), scale)
    return Profile(bars, each, longest, chance if chance <= HEIGHT else None)


def _height(length: npt.NDArray[np.float32] | np.floating[Any], scale: float) -> float:
    return round(float(length) * scale, 2)
