"""The losses of a training, epoch by epoch."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from scripts.lib.embedding.training.trained import Trained
from scripts.lib.pictures.page import (
    ACCENT,
    DASHED,
    INK,
    LIGHT,
    MARGIN,
    SOFT,
    WIDTH,
    Page,
    percent,
    typography,
)

LEFT = MARGIN + 0.3
CURVE = 2.3  # inches
NOTES = [
    "The share of the images' variance that their reconstructions lack; 100 % is the mean image for each.",
    "It is measured while an epoch goes on; on images that are not trained on, at its end.",
]


def draw_loss_curve(trained: Trained, target: Path) -> None:
    """Write the picture, a PNG 1,600 pixels wide; equal losses give equal bytes."""
    lower = 1.5 if trained.settings.variational else 0.0
    with typography():
        page = Page(5.05 + lower)
        _draw_head(page, trained)
        page.write(MARGIN, 1.75, "Variance lost", "heading", fontweight="bold")
        _draw_shares(page.axes(LEFT, 1.95, WIDTH - LEFT - MARGIN, CURVE), trained)
        if lower:
            top = 2.62 + CURVE
            page.write(MARGIN, top - 0.12, "Divergence of the codes", "heading", fontweight="bold")
            page.write(WIDTH - MARGIN, top - 0.12, "bits per image", color=SOFT, ha="right")
            _draw_divergence(page.axes(LEFT, top, WIDTH - LEFT - MARGIN, 0.85), trained)
        page.write(MARGIN, 4.82 + lower, "\n".join(NOTES), "small", color=SOFT)
        page.save(target)


def _draw_head(page: Page, trained: Trained) -> None:
    kind = "variational" if trained.settings.variational else "plain"
    settings = trained.settings
    about = f"{kind} autoencoder, {settings.size} × {settings.size} pixels to {settings.latent} numbers"
    page.write(MARGIN, 0.52, "How the training went", "title", fontweight="bold")
    page.write(WIDTH - MARGIN, 0.52, about, "heading", color=SOFT, ha="right")
    for column, (value, caption) in enumerate(key_numbers(trained)):
        left = MARGIN + column * (WIDTH - 2 * MARGIN) / 4
        page.write(left, 1.05, value, "number")
        page.write(left, 1.28, caption, color=SOFT)


def key_numbers(trained: Trained) -> list[tuple[str, str]]:
    """Return the figures that matter most, each with what it is."""
    last = trained.history[-1]
    numbers = [
        (f"{len(trained.history):,}", f"epochs of {trained.settings.per_epoch:,} images"),
        (f"{trained.images:,}", "images trained on"),
        (percent(trained.share(last.reconstruction)), "of their variance lost"),
    ]
    if last.held_out is not None:
        numbers.append((percent(trained.share(last.held_out)), "lost of images not trained on"))
    return numbers


def _draw_shares(axes: Axes, trained: Trained) -> None:
    trained_on = [trained.share(each.reconstruction) for each in trained.history]
    held_out = [trained.share(each.held_out) for each in trained.history if each.held_out is not None]
    if held_out:
        _line(axes, held_out, INK, "images not trained on")
    _line(axes, trained_on, ACCENT, "images trained on")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=2, frameon=False)
    axes.axhline(1, color=SOFT, linewidth=0.8, linestyle=DASHED)
    axes.set_yscale("log")
    least = min([each for each in (*trained_on, *held_out) if each > 0], default=0.5)
    axes.set_ylim(0.8 * least, 1.25 * max(1.0, *trained_on))
    axes.yaxis.set_major_locator(FixedLocator([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    axes.yaxis.set_minor_locator(NullLocator())
    _number_epochs(axes, trained)


def _draw_divergence(axes: Axes, trained: Trained) -> None:
    values = 3 * trained.settings.size**2
    _line(axes, [each.divergence * values / np.log(2) for each in trained.history], ACCENT, "")
    axes.set_ylim(0, None)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    _number_epochs(axes, trained)


def _line(axes: Axes, values: list[float], colour: str, name: str) -> None:
    epochs = np.arange(1, len(values) + 1)
    axes.plot(epochs, values, color=colour, linewidth=1.4, marker="o", markersize=2.5, label=name)


def _number_epochs(axes: Axes, trained: Trained) -> None:
    """Number the epochs, and mark where codes begin to be drawn."""
    axes.set_xlim(0.5, max(2, len(trained.history)) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch", loc="right")
    warmup = trained.settings.warmup
    if trained.settings.variational and 0 < warmup < len(trained.history):
        axes.axvline(warmup + 0.5, color=LIGHT, linewidth=0.8)
