"""Are copies of photos found, and nothing else?

    python -m benchmarks.duplicates --photos FOLDER [--model NAME [--weights FILE]] [--labelled FOLDER]

Each photo gets variants: resized, recompressed, cropped by 5 %, brightened. `snakemake duplicates` groups
them. A pair of files in one group is right if both come from one photo, and a pair from one photo is found if
both are in one group. Photos in which something was moved, as in a burst, are no copies: how many were taken
for one is printed beside. Of the labelled images, of which hardly any is a copy of another, all pairs found
are counted, and the files of some named, to be looked at.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from benchmarks.measure import print_table, timed
from benchmarks.workflow import ROOT
from scripts.lib.images.decode import decode
from scripts.lib.pictures.contact_sheet import images_below

MARK = "~"
SHOWN = 10
PIXEL_LIMIT = 200_000_000

Edit = Callable[[Image.Image], tuple[Image.Image, int]]  # the picture, and the quality it is saved at


def scaled(share: float) -> Edit:
    """Resize."""
    return lambda image: (image.resize((int(image.width * share), int(image.height * share))), 90)


def cropped(left: float, top: float, right: float, bottom: float) -> Edit:
    """Cut shares of the sides off."""

    def cut(image: Image.Image) -> tuple[Image.Image, int]:
        width, height = image.size
        box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
        return image.crop(tuple(map(round, box))), 90

    return cut


def brightened(factor: float) -> Edit:
    """Multiply the brightness."""
    return lambda image: (ImageEnhance.Brightness(image).enhance(factor), 90)


def moved(image: Image.Image) -> tuple[Image.Image, int]:
    """Move the middle of a picture by an eighth of its width, softly."""
    side = min(image.size) // 3
    left, top = (image.width - side) // 2, (image.height - side) // 2
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse((3, 3, side - 3, side - 3), fill=255)
    burst = image.copy()
    centre = image.crop((left, top, left + side, top + side))
    burst.paste(centre, (left + image.width // 8, top), mask.filter(ImageFilter.GaussianBlur(3)))
    return burst, 90


EDITS: dict[str, Edit] = {
    "half the size": scaled(0.5),
    "a quarter of the size": scaled(0.25),
    "one and a half times the size": scaled(1.5),
    "quality 50": lambda image: (image, 50),
    "quality 20": lambda image: (image, 20),
    "5 % cropped from each side": cropped(0.05, 0.05, 0.05, 0.05),
    "5 % cropped in all": cropped(0.025, 0.025, 0.025, 0.025),
    "5 % cropped from a corner": cropped(0.05, 0.05, 0, 0),
    "brighter by 20 %": brightened(1.2),
    "brighter by 40 %": brightened(1.4),
    "darker by 30 %": brightened(0.7),
}
MOVED = "something moved"


def main() -> None:
    """Print precision and recall of pairs, and the recall of each kind of change."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, help="folder of photos")
    parser.add_argument("--labelled", type=Path, help="folder of images of which hardly any is a copy")
    parser.add_argument("--model", default="descriptor")
    parser.add_argument("--weights", type=Path, help="its weights, if not the model's own")
    options = parser.parse_args()
    settings = [f"model={options.model}"]
    if options.weights:
        settings.append(f"weights={options.weights.resolve()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = images_below(options.photos)
        write_variants(photos, folder / "variants", EDITS)
        report(photos, *groups_of(folder / "variants", folder, settings), options.model)
        write_variants(photos, folder / "moved", {MOVED: moved})
        groups, _ = groups_of(folder / "moved", folder, settings)
        taken = sum(MOVED in {each.partition(MARK)[2] for each in group} for group in groups)
        print(f"  {taken} of {len(photos)} photos in which something moved were taken for copies\n")
    if options.labelled:
        with tempfile.TemporaryDirectory() as name:
            report_labelled(*groups_of(options.labelled.resolve(), Path(name), settings))


def write_variants(photos: list[Path], folder: Path, edits: dict[str, Edit]) -> None:
    """Write each photo and its variants; names tell which photo and which variant."""
    folder.mkdir()
    for number, photo in enumerate(photos):
        image = decode(photo, 4096, PIXEL_LIMIT)
        (folder / f"{number}{MARK}original{photo.suffix}").write_bytes(photo.read_bytes())
        for name, edit in edits.items():
            variant, quality = edit(image)
            variant.save(folder / f"{number}{MARK}{name}.jpg", quality=quality)


def groups_of(images: Path, folder: Path, settings: list[str]) -> tuple[list[list[str]], float]:
    """Return the names of the files in each group without their endings, and the seconds it took."""
    config = [f"images={images}", f"name={images.name}", *settings]
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "all"]
    program = [*command, "duplicates", "--config", *config]
    shutil.copytree(ROOT / "config", folder / "config", dirs_exist_ok=True)
    _, seconds = timed(lambda: subprocess.run(program, cwd=folder, check=True, capture_output=True))
    (found,) = (folder / "results" / images.name).glob("*/duplicates.parquet")
    groups: dict[int, list[str]] = {}
    for group, path in zip(*pq.read_table(found, columns=["group", "path"]).columns, strict=True):
        name = str(Path(path.as_py()).relative_to(images).with_suffix(""))
        groups.setdefault(group.as_py(), []).append(name)
    return list(groups.values()), seconds


def report(photos: list[Path], groups: list[list[str]], seconds: float, model: str) -> None:
    """Print how right the groups of variants are, and how complete."""
    pairs = [pair for group in groups for pair in combinations(group, 2)]
    right = sum(a.partition(MARK)[0] == b.partition(MARK)[0] for a, b in pairs)
    variants = len(EDITS) + 1
    recall = right / (len(photos) * variants * (variants - 1) / 2)
    print(f"{len(photos)} photos, {variants - 1} variants each, {model}, {seconds:.0f} s")
    print(f"  precision {right / max(len(pairs), 1):.4f}, recall {recall:.4f}, of pairs of files")
    found: Counter[str] = Counter()
    for group in groups:
        members = {tuple(each.split(MARK)) for each in group}
        found.update(kind for number, kind in members if (number, "original") in members)
    print_table([(kind, f"{found[kind] / len(photos):.3f}") for kind in EDITS])


def report_labelled(groups: list[list[str]], seconds: float) -> None:
    """Print how many pairs are taken for copies, and some of them."""
    pairs = sum(len(group) * (len(group) - 1) // 2 for group in groups)
    print(f"labelled images: {pairs} pairs in {len(groups)} groups, {seconds:.0f} s; to look at:")
    for group in groups[:SHOWN]:
        print(f"  {', '.join(group)}")


if __name__ == "__main__":
    main()
