"""Draw images in their order on one page.

python -m scripts.contact_sheet sheet.jpg sorted_images
python -m scripts.contact_sheet sheet.jpg --before input_images --after sorted_images
"""

import argparse
import random
import sys
from pathlib import Path

from PIL import Image

from scripts.lib.errors import InputError, SeriatimError
from scripts.lib.pictures.contact_sheet import (
    Layout,
    before_and_after,
    contact_sheet,
    images_below,
)
from scripts.lib.pictures.sheet_file import write_sheet


def main(arguments: list[str] | None = None) -> int:
    """Draw a sheet; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        page = _draw(options)
        write_sheet(page, options.out)
    except (SeriatimError, OSError) as error:
        print(f"scripts.contact_sheet: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: {page.width} x {page.height} pixels")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.contact_sheet",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("out", type=Path, help="the sheet: .jpg, .png or .webp")
    add("images", type=Path, nargs="*", help="files, or folders taken in the order of names")
    add("--before", type=Path, metavar="FOLDER", help="unsorted images; with --after")
    add("--after", type=Path, metavar="FOLDER", help="the same images sorted")
    add("--columns", type=_positive, default=0, metavar="N", help="tiles in a row")
    add(
        "--tile",
        type=_positive,
        default=0,
        metavar="N",
        help="a tile's side in pixels (default: 96)",
    )
    add("--limit", type=_positive, default=2000, metavar="N", help="at most so many, evenly spaced")
    add("--shuffle", type=int, metavar="SEED", help="in a random order, for comparison")
    add("--numbers", action="store_true", help="write each image's position on it")
    add("--links", action="store_true", help="show and measure the steps between neighbours")
    add("--boustrophedon", action="store_true", help="every second row from right to left")
    return parser


def _positive(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return int(text)


def _draw(options: argparse.Namespace) -> Image.Image:
    pair = options.before is not None and options.after is not None
    if pair == bool(options.images) or (options.before is None) != (options.after is None):
        raise InputError("give either images or folders, or both --before and --after")
    layout = Layout(
        columns=options.columns or (15 if pair else 0),
        tile=options.tile or (89 if pair else 96),
        limit=options.limit,
        numbers=options.numbers,
        boustrophedon=options.boustrophedon,
        links=options.links,
    )
    if pair:
        return before_and_after(images_below(options.before), images_below(options.after), layout)
    paths = [path for given in options.images for path in _images_of(given)]
    if options.shuffle is not None:
        random.Random(options.shuffle).shuffle(paths)
    return contact_sheet(paths, layout)


def _images_of(given: Path) -> list[Path]:
    """Take a file as it is, readable or not, and a folder's images in the order of names."""
    return [given] if given.is_file() else images_below(given)


if __name__ == "__main__":
    sys.exit(main())
