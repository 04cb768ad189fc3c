"""What the table and the picture of the categories show."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from scripts.lib.categories.categories import Rule, assign, categories_table
from scripts.lib.categories.category_groups import (
    Categorized,
    CategoryGroup,
    category_groups,
    category_table,
)
from scripts.lib.categories.taxonomy import Taxonomy, read_categories
from scripts.lib.files.first_files import FirstFiles
from scripts.lib.pictures import category_sheet
from scripts.lib.pictures.category_sheet import draw_category_sheet, short_title, title_of
from tests.conftest import write_pictures

TREE = {"nature": ["beach", "forest"], "city": []}
CHANCES = np.array(
    [[0.8, 0.1, 0.1], [0.45, 0.5, 0.05], [0.1, 0.0, 0.9], [0.3, 0.28, 0.42], [np.nan] * 3, [0.9, 0.1, 0]],
    np.float32,
)


def groups_of(taxonomy: Taxonomy, chances: np.ndarray, rule: Rule) -> list[CategoryGroup]:
    table = categories_table(chances, assign(chances, taxonomy, rule), taxonomy.names)
    found = Categorized.of(table, len(taxonomy.leaves), rule.several)
    return list(category_groups(found, taxonomy, ["a {}"], table["categories"].combine_chunks()))


def order_of(paths: list[str], items: list[int]) -> pa.Table:
    columns = {"path": paths, "path_bytes": [path.encode() for path in paths]}
    return pa.table(columns | {"item": pa.array(items, pa.int32())})


def test_groups_have_what_is_below_them() -> None:
    groups = groups_of(read_categories(TREE), CHANCES, Rule(0.45, margin=0.1))
    members = {group.name: np.flatnonzero(group.members).tolist() for group in groups}
    assert members == {
        "nature": [0, 1, 3, 5],
        "nature/beach": [0, 5],
        "nature/forest": [],
        "city": [2],
        "nature/unsure": [1, 3],
        "unsure": [4],
    }
    assert groups[1].prompts == ("a beach",)
    assert groups[1].best(9).tolist() == [5, 0]
    assert groups[0].mean == pytest.approx(np.nanmean(CHANCES[:, :2].sum(1)))


def test_images_with_several_categories_are_in_each() -> None:
    groups = groups_of(read_categories(TREE), CHANCES, Rule(0.4, several=True))
    members = {group.name: np.flatnonzero(group.members).tolist() for group in groups}
    assert members == {
        "nature": [0, 1, 5],
        "nature/beach": [0, 1, 5],
        "nature/forest": [1],
        "city": [2, 3],
        "unsure": [4],
    }


def test_the_table_counts_files_and_names_the_most_probable() -> None:
    groups = groups_of(read_categories(TREE), CHANCES, Rule(0.45, margin=0.1))
    files = FirstFiles(order_of(["e", "a", "b", "b2", "c"], [5, 0, 2, 2, 3]), 6)
    table = category_table(groups, files)
    rows = {row["category"]: row for row in table.to_pylist()}
    assert (rows["city"]["items"], rows["city"]["files"], rows["city"]["example"]) == (1, 2, "b")
    assert rows["nature/beach"]["example"] == "e"
    assert rows["nature/forest"]["example"] is None
    assert rows["unsure"]["example"] is None  # it has no file
    assert rows["nature"]["prompts"] is None
    assert rows["nature/beach"]["prompts"] == "a beach"


@pytest.mark.parametrize("several", [False, True])
def test_no_images_are_no_members(several: bool) -> None:
    groups = groups_of(read_categories(TREE), np.empty((0, 3), np.float32), Rule(0.5, several=several))
    assert [group.members.sum() for group in groups] == [0] * 4
    table = category_table(groups, FirstFiles(order_of([], []), 0))
    assert table["mean_probability"].null_count == 4


def test_the_picture_shows_each_category_whatever_it_is_called(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path / "images", 5)
    names = ["夕焼け", "$x^2$ \u202e", "w " * 80, "غروب"]
    chances = np.eye(5, 4, dtype=np.float32)
    groups = groups_of(read_categories(names), chances, Rule(0.5))
    files = FirstFiles(order_of([*map(str, paths[:4]), str(tmp_path / "gone.jpg")], [0, 1, 2, 3, 4]), 5)
    for target in (tmp_path / "one", tmp_path / "two"):
        done: list[int] = []
        draw_category_sheet(groups, files, target, done.append)
        assert sum(done) == len(groups)
    with Image.open(tmp_path / "one") as picture:
        assert (picture.format, picture.width) == ("JPEG", 1600)
        height = picture.height
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    draw_category_sheet(groups[:2], files, tmp_path / "fewer")
    with Image.open(tmp_path / "fewer") as picture:
        assert picture.height < height


def test_of_very_many_categories_the_largest_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(category_sheet, "ROWS", 3)
    nothing = np.zeros(9, np.float32)
    groups = [
        CategoryGroup(str(k), (), np.arange(9) < size, nothing) for k, size in enumerate([2, 5, 1, 9, 5])
    ]
    assert [(line, group.name) for line, group in category_sheet.largest(groups)] == [
        (3, "1"),
        (5, "3"),
        (6, "4"),
    ]


def test_names_that_the_font_lacks_can_be_looked_up() -> None:
    assert title_of("закат", 2) == "закат"
    assert title_of("夕焼け", 7).endswith("(line 7 of categories.csv)")


def test_long_names_lose_their_middle() -> None:
    assert short_title("a" * 40) == "a" * 40
    assert len(short_title("a" * 400)) <= 60
