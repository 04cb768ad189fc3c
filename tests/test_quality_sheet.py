"""The picture of an order's quality: whatever the collection, and without a word on the terminal."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from scripts.lib.ordering.measure.preservation import preservation
from scripts.lib.ordering.measure.quality import (
    Link,
    LowerBound,
    Quality,
    TreeFigures,
    WorstLink,
    link_lengths,
    measure_links,
    order_figures,
    random_order,
)
from scripts.lib.ordering.tree.near_duplicates import NearDuplicates
from scripts.lib.pictures.page import DPI, MARGIN, MISSING, number, percent, printable
from scripts.lib.pictures.quality.pairs import SIDE, Pair, named_pairs, short_name, thumbnail
from scripts.lib.pictures.quality.panels import stretches
from scripts.lib.pictures.quality.sheet import TOP_OF_PAIRS, Sheet, draw_sheet, key_numbers
from tests.conftest import ROOT, picture
from tests.films import film, number_of, numbered

NAMES = [
    "plain.jpg",
    "$x^2$ \\frac{1}{0} $.jpg",
    "a\nb\tc\x00d.jpg",
    "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}\N{FAMILY}.jpg",
    "日本の写真.jpg",
    "שלום عالم.jpg",
    "\\xff\\xfe.jpg",
    "x" * 300,
    "\udcff.jpg",
    "/",
    "",
    " ",
    "{not} %s a_b^c #.jpg",
]

PROVEN = LowerBound(1.0, "proven")


def quality_of(n: int, labels: bool = False, bound: LowerBound = PROVEN) -> Sheet:
    vectors = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    path = vectors[:, 0].argsort().astype(np.int32)
    links, shuffled = link_lengths(vectors, path), link_lengths(vectors, random_order(n, 0))
    orders = {"random": shuffled, "input": shuffled, "mst_walk": links, "path": links}
    figures = measure_links(links, shuffled, bound)
    quality = Quality(
        items=n,
        path=figures,
        tree=TreeFigures(float(links.sum()), float(links.max(initial=0)), exact=labels),
        orders={name: order_figures(each, 0.4 if labels else None) for name, each in orders.items()},
        label_chance=0.1 if labels else None,
        preservation=preservation(vectors, path),
        near_duplicates=NearDuplicates(0.1, 3, 7, 2) if labels else NearDuplicates(0.1, 0, 0, 0),
        worst=(),
    )
    return Sheet(quality, links, shuffled, ())


def pairs_of(files: list[bytes], names: list[str]) -> tuple[Pair, ...]:
    links = [WorstLink(place, 1.0, name, names[0]) for place, name in enumerate(names)]
    return tuple(Pair(link, file, files[0]) for link, file in zip(links, files, strict=True))


def with_pairs(sheet: Sheet, pairs: tuple[Pair, ...]) -> Sheet:
    return Sheet(sheet.quality, sheet.links, sheet.random_links, pairs)


def drawn(sheet: Sheet, target: Path) -> Image.Image:
    draw_sheet(sheet, target)
    with Image.open(target) as image:
        return image.convert("RGB")


def tile(image: Image.Image, column: int) -> np.ndarray:
    """The first or second image of the first pair."""
    left = round(MARGIN * DPI) + column * (SIDE + 2)
    top = round(TOP_OF_PAIRS * DPI)
    return np.asarray(image.crop((left + 4, top + 4, left + SIDE - 4, top + SIDE - 4)), int)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 700])
@pytest.mark.parametrize("labels", [False, True])
def test_a_picture_of_any_collection(n: int, labels: bool, tmp_path: Path) -> None:
    image = drawn(quality_of(n, labels), tmp_path / "quality.png")
    assert image.width == 1600
    assert len(image.getcolors(1 << 20) or []) > 10


def test_links_are_named_by_the_files_that_stand_side_by_side() -> None:
    files = [b"a", b"copy of a", b"\xff", b"c"]
    order = pa.table(
        {
            "path": [file.decode(errors="backslashreplace") for file in files],
            "path_bytes": pa.array(files, pa.binary()),
            "item": pa.array([7, 7, 2, 5], pa.int32()),
        }
    )
    pairs = named_pairs(order, np.array([7, 2, 5], np.int32), [Link(1, 4.0), Link(0, 3.0)])
    assert pairs[0] == Pair(WorstLink(2, 4.0, "\\xff", "c"), b"\xff", b"c")
    assert pairs[1] == Pair(WorstLink(1, 3.0, "copy of a", "\\xff"), b"copy of a", b"\xff")


def test_equal_figures_give_equal_bytes_without_a_date(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    for file in files:
        draw_sheet(quality_of(60, True), file)
    first, again = (file.read_bytes() for file in files)
    assert first == again
    assert b"Software" not in first
    assert b"tEXt" not in first


def test_images_stand_at_their_places_upright(tmp_path: Path) -> None:
    for name, colour in (("red.png", (200, 0, 0)), ("blue.png", (0, 0, 200))):
        Image.new("RGB", (90, 40), colour).save(tmp_path / name)
    files = [os.fsencode(tmp_path / name) for name in ("blue.png", "red.png")]
    link = WorstLink(3, 1.0, "red", "blue")
    image = drawn(with_pairs(quality_of(10), (Pair(link, files[1], files[0]),)), tmp_path / "q.png")
    assert (tile(image, 0) == (200, 0, 0)).all()
    assert (tile(image, 1) == (0, 0, 200)).all()


def test_what_is_no_image_is_a_tile_with_its_name(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    pairs = pairs_of([os.fsencode(bad)], ["bad.jpg"])
    named, unnamed = (
        tile(drawn(with_pairs(quality_of(10), each), tmp_path / "q.png"), 0)
        for each in (pairs, (pairs[0]._replace(link=WorstLink(0, 1.0, " ", " ")),))
    )
    assert len(np.unique(unnamed)) == 1
    assert len(np.unique(named)) > 5


def test_the_thumbnail_of_a_video_is_its_first_frame_worth_looking_at(tmp_path: Path) -> None:
    black = np.zeros_like(numbered(0))
    (tmp_path / "film.mkv").write_bytes(film([black] * 30 + [numbered(40)] * 30, "matroska"))
    tile = thumbnail(os.fsencode(tmp_path / "film.mkv"), 32)
    assert tile is not None
    assert number_of(tile) == pytest.approx(40, abs=3)


def test_a_thumbnail_is_made_of_whatever_can_be_opened(tmp_path: Path) -> None:
    good = os.fsencode(tmp_path) + "/\N{GRINNING FACE}".encode() + b"\xff.jpg"
    with open(good, "wb") as stream:
        picture(1).save(stream, "JPEG")
    thin = tmp_path / "thin.png"
    Image.new("RGB", (1, 3000)).save(thin)
    assert [image and image.size for image in (thumbnail(good, 32), thumbnail(os.fsencode(thin), 32))] == [
        (32, 32)
    ] * 2
    for nothing in (b"", b"\0", b"missing.jpg", os.fsencode(tmp_path), b"http://x/y.jpg", b"x" * 5000):
        assert thumbnail(nothing, 32) is None


def test_no_name_is_too_odd_and_none_says_a_word(tmp_path: Path) -> None:
    """In a process of its own, with an empty cache of fonts."""
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.test_quality_sheet import *\n"
        "pairs = pairs_of([b'missing'] * len(NAMES), NAMES)\n"
        "draw_sheet(with_pairs(quality_of(30, True), pairs), Path(sys.argv[1]))\n"
    )
    target = tmp_path / "quality.png"
    environment = os.environ | {"MPLCONFIGDIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-W", "always", "-c", program, str(target)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    with Image.open(target) as image:
        assert image.width == 1600


def test_settings_of_the_user_change_nothing(tmp_path: Path) -> None:
    import matplotlib

    draw_sheet(quality_of(30), tmp_path / "plain.png")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "savefig.dpi": 20}):
        draw_sheet(quality_of(30), tmp_path / "set.png")
        assert matplotlib.rcParams["font.size"] == 30
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "set.png").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_short_and_printable(name: str) -> None:
    lines = short_name(name)
    assert len(lines) <= 4
    assert all(len(line) <= 12 for line in lines)
    assert printable("".join(lines)) == "".join(lines)


def test_unknown_characters_become_squares_and_controls_vanish() -> None:
    assert printable("a\x07b\N{ZERO WIDTH JOINER}日é") == f"ab{MISSING}é"


def test_a_long_name_keeps_its_ends() -> None:
    joined = "".join(short_name("folder/" + "begin" + "x" * 200 + "end.jpg"))
    assert joined.startswith("begin")
    assert joined.endswith("end.jpg")
    assert "…" in joined


@pytest.mark.parametrize(("links", "limit"), [(0, 5), (1, 5), (5, 5), (23, 5), (1000, 7)])
def test_stretches_cover_the_path(links: int, limit: int) -> None:
    values = np.random.default_rng(0).random(links).astype(np.float32)
    parts = stretches(values, limit)
    assert len(parts.maxima) == min(links, limit)
    assert (parts.starts[0], parts.starts[-1]) == (0, links)
    for start, end, median, longest in zip(
        parts.starts[:-1], parts.starts[1:], parts.medians, parts.maxima, strict=True
    ):
        assert (median, longest) == (np.median(values[start:end]), values[start:end].max())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.00"), (1.5559, "1.56"), (2, "2.00"), (123.4, "123"), (12345.6, "12,346"), (1e-7, "1.00e-07")],
)
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0%"), (0.0003, "0.03%"), (0.126, "13%"), (1, "100%")])
def test_percentages(share: float, text: str) -> None:
    assert percent(share) == text


def test_the_key_numbers_claim_no_more_than_is_known() -> None:
    unknown = key_numbers(quality_of(30, False, LowerBound()).quality)
    assert not any("least possible" in caption for _, caption in unknown)
    sure = key_numbers(quality_of(30, True, LowerBound(1.0, "statistical", 0.95)).quality)
    assert any("(95% sure)" in caption for _, caption in sure)
    assert any("1 is the least" in caption for _, caption in sure)
    assert any("by chance 10%" in caption for _, caption in sure)
