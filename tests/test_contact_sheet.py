"""Contact sheets: each tile at its place, whatever the files are like."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from scripts import contact_sheet as command
from scripts.lib.errors import InputError
from scripts.lib.pictures.contact_sheet import (
    Layout,
    before_and_after,
    contact_sheet,
    evenly_spaced,
    images_below,
    step_lengths,
)

TILE, GAP = 16, 4
LAYOUT = Layout(columns=3, tile=TILE, gap=GAP)
Greys = Callable[..., list[Path]]


@pytest.fixture
def greys(tmp_path: Path) -> Greys:
    """Write one grey image a level, and return their paths."""

    def write(*levels: int) -> list[Path]:
        folder = tmp_path / "images"
        folder.mkdir()
        paths = [folder / f"{index:03d}.png" for index in range(len(levels))]
        for path, level in zip(paths, levels, strict=True):
            Image.new("RGB", (40, 24), (level,) * 3).save(path)
        return paths

    return write


def tile_at(sheet: Image.Image, row: int, column: int) -> np.ndarray:
    left, top = GAP + column * (TILE + GAP), GAP + row * (TILE + GAP)
    return np.asarray(sheet.crop((left, top, left + TILE, top + TILE)), dtype=int)


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.copy()


def level_at(sheet: Image.Image, row: int, column: int) -> int:
    return round(float(tile_at(sheet, row, column).mean()))


def test_tiles_stand_in_reading_order(greys: Greys) -> None:
    sheet = contact_sheet(greys(60, 90, 120, 150, 180), LAYOUT)
    assert sheet.size == (3 * (TILE + GAP) + GAP, 2 * (TILE + GAP) + GAP)
    assert [level_at(sheet, 0, c) for c in range(3)] == [60, 90, 120]
    assert [level_at(sheet, 1, c) for c in range(2)] == [150, 180]


def test_boustrophedon_turns_every_second_row(greys: Greys) -> None:
    layout = Layout(columns=3, tile=TILE, gap=GAP, boustrophedon=True)
    sheet = contact_sheet(greys(60, 90, 120, 150, 180), layout)
    assert [level_at(sheet, 1, c) for c in (2, 1)] == [150, 180]


def test_tiles_are_centre_crops_of_upright_images(tmp_path: Path) -> None:
    stripes = np.zeros((30, 90, 3), np.uint8)  # lying: black, then white, then black
    stripes[:, 30:60] = 255
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.fromarray(stripes).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    half = np.zeros((60, 30, 3), np.uint8)
    half[:, :15] = 255  # the left half is white; stored lying, it is the lower
    Image.fromarray(half).transpose(Image.Transpose.ROTATE_90).save(
        tmp_path / "upright.jpg", exif=exif, quality=95
    )
    sheet = contact_sheet([tmp_path / "turned.jpg", tmp_path / "upright.jpg"], LAYOUT)
    assert level_at(sheet, 0, 0) > 245
    left, right = np.split(tile_at(sheet, 0, 1), 2, axis=1)
    assert left[:, :-1].mean() > 240 > 15 > right[:, 1:].mean()


def test_unreadable_files_are_hatched_and_shift_nothing(greys: Greys) -> None:
    paths = greys(60, 90, 120)
    paths[0].write_bytes(b"no image")
    paths[1].unlink()
    sheet = contact_sheet(paths, LAYOUT)
    assert len(np.unique(tile_at(sheet, 0, 0).reshape(-1, 3), axis=0)) > 1
    assert (tile_at(sheet, 0, 0) == tile_at(sheet, 0, 1)).all()
    assert level_at(sheet, 0, 2) == 120


def test_too_many_images_are_sampled_evenly_and_the_sheet_says_so(greys: Greys) -> None:
    paths = greys(*range(40, 240, 20))
    layout = Layout(columns=4, tile=TILE, gap=GAP, limit=4)
    sheet = contact_sheet(paths, layout)
    assert [level_at(sheet, 0, c) for c in range(4)] == [40, 100, 160, 220]
    assert sheet.height > TILE + 2 * GAP  # room for the caption


@pytest.mark.parametrize(("count", "limit"), [(0, 5), (1, 1), (5, 5), (7, 1), (7, 2), (1000, 33)])
def test_even_spacing_keeps_the_order_and_the_ends(count: int, limit: int) -> None:
    chosen = evenly_spaced(count, limit)
    assert len(chosen) == min(count, limit)
    assert chosen == sorted(set(chosen))
    if limit > 1 and count:
        assert (chosen[0], chosen[-1]) == (0, count - 1)


@pytest.mark.parametrize("options", [{"numbers": True}, {"links": True}])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_markings_change_the_page_and_not_its_width(
    greys: Greys, options: dict[str, bool], count: int
) -> None:
    paths = greys(*range(50, 50 + 40 * count, 40))
    plain = contact_sheet(paths, LAYOUT)
    marked = contact_sheet(paths, Layout(columns=3, tile=TILE, gap=GAP, **options))
    assert marked.width == plain.width
    assert marked.tobytes() != plain.tobytes()


def test_equal_neighbours_have_no_bar_between_them(greys: Greys) -> None:
    layout = Layout(columns=3, tile=TILE, gap=GAP, links=True)
    sheet = np.asarray(contact_sheet(greys(60, 60, 180), layout))
    gaps = [sheet[GAP : GAP + TILE, i * (TILE + GAP) + GAP // 2] for i in (1, 2)]
    assert [len(np.unique(gap, axis=0)) for gap in gaps] == [1, 2]


def test_steps_are_measured_against_a_random_order() -> None:
    values = np.arange(200, dtype=np.float32)[:, None]
    shuffled = np.random.default_rng(1).permutation(values)
    assert step_lengths(values).mean() == pytest.approx(1 / (200 / 3), rel=0.1)
    assert step_lengths(shuffled).mean() == pytest.approx(1, rel=0.2)
    assert (step_lengths(np.ones((3, 2), np.float32)) == 0).all()


def test_nothing_makes_an_empty_page() -> None:
    assert contact_sheet([]).size[0] > 0


def test_a_folder_is_read_below_in_byte_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.jpg", "a/z.jpg", "B.png", ".hidden.jpg", "a/.cache/x.jpg", "note.txt", "é.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    names = [str(path.relative_to(tmp_path)) for path in images_below(tmp_path)]
    assert names == ["B.png", "a/z.jpg", "b.jpg", "é.jpg"]


def test_a_folder_without_images_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no images"):
        images_below(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        images_below(tmp_path / "nowhere")


def test_before_stands_above_after(greys: Greys) -> None:
    paths = greys(60, 120, 180)
    page = before_and_after(paths, paths[::-1], LAYOUT)
    single = contact_sheet(paths, LAYOUT, "Before: in the order of their names")
    assert page.size == (single.width, 2 * single.height)


def test_the_command_writes_the_formats_it_names(greys: Greys, tmp_path: Path) -> None:
    folder = str(greys(60, 120)[0].parent)
    for name in ("a.jpg", "b.png", "c.webp"):
        assert command.main([str(tmp_path / "out" / name), folder, "--tile", "16"]) == 0
        assert opened(tmp_path / "out" / name).size[0] > 0


@pytest.mark.parametrize(
    "arguments",
    [["sheet.jpg"], ["sheet.txt", "."], ["sheet.jpg", "--before", "."], ["sheet.jpg", "nowhere/"]],
)
def test_the_command_says_in_one_line_what_is_wrong(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.main(arguments) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_shuffled_sheet_holds_the_same_images(greys: Greys, tmp_path: Path) -> None:
    folder = str(greys(*range(40, 220, 20))[0].parent)
    out = tmp_path / "sheets"
    for name, extra in (("plain.png", []), ("shuffled.png", ["--shuffle", "1"])):
        arguments = [str(out / name), folder, "--columns", "9", "--tile", str(TILE), *extra]
        assert command.main(arguments) == 0
    plain, shuffled = (
        [level_at(opened(out / name), 0, c) for c in range(9)] for name in ("plain.png", "shuffled.png")
    )
    assert plain != shuffled
    assert sorted(plain) == sorted(shuffled)
