"""How good an order is, in words."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from scripts.lib.words import counted, percent

COMPARED = {
    "random": "a random order",
    "input": "the order of the file names",
    "mst_walk": "the walk along the spanning tree",
    "path": "this order",
}
A_PATH = "The order is a path from image to image, and the shorter it is, the more each resembles the next."
ROUNDING = 1e-6  # of lengths that are summed up in two ways


class Figure(NamedTuple):
    """A figure that matters most, and what it is."""

    value: str
    caption: str


class Compared(NamedTuple):
    """An order among those that are compared; `share` is its mean link over the longest mean link."""

    name: str
    mean: float
    share: float
    of_random: float | None
    is_ours: bool


def figures(quality: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield the figures that matter most.

    quality : what `quality.json` holds
    """
    if quality["items"] < 2:
        return
    if is_shortest(quality):
        yield Figure("shortest", "no path through these images is shorter (proven)")
    elif quality["gap"] is not None:
        caption = f"longer, at most, than the shortest path there can be ({certainty(quality)})"
        yield Figure(percent(quality["gap"]), caption)
    caption = "of a random order’s distance lies between one image and the next"
    yield Figure(percent(quality["ratio"]), caption)
    kept = _kept(quality)
    if kept:
        yield Figure(percent(kept["share"]), f"of the {kept['k']} most similar images stand next to each one")
    if quality["label_share"] is not None:
        yield Figure(percent(quality["label_share"]), "of neighbours come from the same folder")


def is_shortest(quality: Mapping[str, Any]) -> bool:
    """Tell whether no order is shorter, but for rounding."""
    return quality["gap"] is not None and quality["gap"] < ROUNDING and quality["bound_kind"] == "proven"


def certainty(quality: Mapping[str, Any]) -> str:
    """Say how sure the bound is."""
    if quality["bound_kind"] == "proven":
        return "proven"
    return f"with a confidence of {percent(quality['bound_confidence'] or 0)}"


def sentences(quality: Mapping[str, Any]) -> Iterator[str]:
    """Say how good the order is, and what the figures mean."""
    if quality["items"] < 2:
        yield "There is no order to speak of: it takes two different images."
        return
    yield _on_bound(quality)
    yield _on_links(quality)
    kept = _kept(quality)
    if kept:
        yield (
            f"Of the {kept['k']} images that resemble an image most, {percent(kept['share'])} are among the "
            f"{kept['k']} that stand nearest to it in the order; by chance it would be "
            f"{percent(kept['chance'])}. A line has two sides, and images resemble each "
            "other in many ways, so it can’t be all of them."
        )
    if quality["label_share"] is not None:
        chance = percent(quality["label_chance"] or 0)
        yield (
            f"{percent(quality['label_share'])} of neighbours come from the same folder, though nothing knew "
            f"of folders; by chance it would be {chance}."
        )
    near = quality["near_duplicates"]
    if near["groups"]:
        yield (
            f"{counted(near['items'], 'image')} are nearly equal to others, in "
            f"{counted(near['groups'], 'group')}; {near['contiguous']:,} of these stand in one stretch."
        )


def _on_bound(quality: Mapping[str, Any]) -> str:
    if quality["gap"] is None:
        return "How much shorter a path through these images can be is not known."
    if is_shortest(quality):
        return f"{A_PATH} No order of these images is shorter than this one: that is proven."
    sure = {
        "proven": "This is proven, not estimated.",
        "statistical": (
            f"This was measured on a sample, and holds with a confidence of "
            f"{percent(quality['bound_confidence'] or 0)}."
        ),
    }.get(quality["bound_kind"], "")
    gap = percent(quality["gap"])
    return f"{A_PATH} This one is at most {gap} longer than the shortest that there can be. {sure}"


def _on_links(quality: Mapping[str, Any]) -> str:
    nearer = percent(quality["ratio"])
    text = f"From one image to the next it is {nearer} as far as in a random order, on average."
    times = quality["worst_over_longest_mst_edge"]
    if times is None or not quality["mst_exact"]:
        return text
    if times < 1.005:
        return f"{text} No order of these images has a longest step that is noticeably shorter."
    return (
        f"{text} Its longest step is {times:.2f} times as long as the longest that no order of these images "
        "can avoid."
    )


def _kept(quality: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what is known of the nearest neighbours, at about ten of them."""
    measured = quality["preservation"]["neighbors"]
    rows = [row for row in measured if row["share"] is not None and row["k"] is not None]
    return min(rows, key=lambda row: abs(row["k"] - 10), default=None)


def compared(quality: Mapping[str, Any]) -> list[Compared]:
    """Return the orders that are compared, the worst first."""
    orders = quality["orders"]
    widest = max((order["mean"] for order in orders.values()), default=0.0)
    random = orders["random"]["mean"]
    rows = [
        Compared(
            COMPARED.get(name, name),
            order["mean"],
            order["mean"] / widest if widest else 0.0,
            order["mean"] / random if random else None,
            name == "path",
        )
        for name, order in orders.items()
    ]
    return sorted(rows, key=lambda row: (-row.mean, row.is_ours))
