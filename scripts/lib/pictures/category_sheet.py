"""Contact sheets of the categories: each with its most probable images, to be judged by eye."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from scripts.lib.categories.category_groups import CategoryGroup
from scripts.lib.files.first_files import FirstFiles
from scripts.lib.pictures.page import (
    DPI,
    FAINT,
    MARGIN,
    MISSING,
    SOFT,
    WIDTH,
    Page,
    percent,
    printable,
    typography,
)
from scripts.lib.pictures.quality.pairs import thumbnail
from scripts.lib.words import counted

TILES = 10  # images of a category
ROWS = 100  # categories on a sheet
GUTTER = 0.05  # inches
TOP, HEADING, CAPTION = 1.0, 0.1, 0.36
PITCH = (WIDTH - 2 * MARGIN + GUTTER) / TILES
SIDE = round((PITCH - GUTTER) * DPI)  # pixels
NAME_LENGTH = 60


def draw_category_sheet(
    groups: Sequence[CategoryGroup],
    files: FirstFiles,
    target: Path,
    progress: Callable[[int], object] = lambda categories: None,
) -> None:
    """Write the picture, a JPEG 1,600 pixels wide; of very many categories it shows the largest.

    progress : called with the number of categories newly drawn
    """
    shown = largest(groups)
    with typography():
        page = Page(TOP + len(shown) * _row_height() + 0.1)
        page.write(MARGIN, 0.52, "The images by words", "title", fontweight="bold")
        note = (
            "" if len(shown) == len(groups) else f"the {len(shown)} largest of {len(groups):,} categories; "
        )
        page.write(WIDTH - MARGIN, 0.52, f"{note}the most probable images of each", color=SOFT, ha="right")
        for row, (number, group) in enumerate(shown):
            page.write(
                MARGIN, TOP + row * _row_height(), title_of(group.name, number), "heading", fontweight="bold"
            )
            _draw_row(page, TOP + row * _row_height(), group, files)
            progress(1)
        page.save(target, "jpeg")


def largest(groups: Sequence[CategoryGroup]) -> list[tuple[int, CategoryGroup]]:
    """Return the groups that are shown, each with its line in `categories.csv`."""
    lines = list(enumerate(groups, 2))
    by_size = sorted(lines, key=lambda line: (-int(line[1].members.sum()), line[0]))
    return sorted(by_size[:ROWS], key=lambda line: line[0])


def _row_height() -> float:
    return SIDE / DPI + HEADING + CAPTION


def _draw_row(page: Page, top: float, group: CategoryGroup, files: FirstFiles) -> None:
    count = int(group.members.sum())
    words = counted(count, "image")
    if group.prompts and group.mean is not None:
        words += f"; mean probability over all {percent(group.mean)}"
    page.write(WIDTH - MARGIN, top, words, color=SOFT, ha="right")
    for column, item in enumerate(group.best(TILES).tolist()):
        left, upper = MARGIN + column * PITCH, top + HEADING
        picture = thumbnail(files.file(item), SIDE) if files.file(item) else None
        page.paste(left, upper, picture or Image.new("RGB", (SIDE, SIDE), FAINT))
        chance = group.chances[item]
        if chance == chance:  # no NaN
            page.write(left, upper + SIDE / DPI + 0.11, percent(float(chance)), "small", color=SOFT)


def title_of(name: str, line: int) -> str:
    """Return a name in one line; where the font lacks characters of it, also where it can be read."""
    title = short_title(name)
    return f"{title} (line {line} of categories.csv)" if MISSING in title else title


def short_title(name: str, length: int = NAME_LENGTH) -> str:
    """Return a name in one line, its middle left out where it is too long."""
    text = printable(name).replace("\n", " ")
    return text if len(text) <= length else f"{text[: length // 2]}…{text[-length // 2 + 1 :]}"
