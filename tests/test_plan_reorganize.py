"""What is to be filed where: by cluster, category, label or order, flat or with former folders underneath."""

from collections import defaultdict
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.moved import check_folders, moved_files, moves_of
from tests.copying import statuses, tree
from tests.filing import Collection, places
from tests.test_folder_names import WORDS

FILES = ["a/x.jpg", "b/x.jpg", "a/y.jpg", "c.jpg", "a/b/z.jpg", "d.jpg"]
MODES = ["copy", "hardlink", "symlink", "move"]


@pytest.fixture
def photos(tmp_path: Path) -> Collection:
    collection = Collection(tmp_path)
    collection.clustered([1, 0, 1, -1, 0, 1], ["sea", "city"])
    return collection


def files(photos: Collection) -> list[Path]:
    return [photos.make(name, name) for name in FILES]


def test_each_file_is_in_the_folder_of_its_cluster_in_path_order(photos: Collection) -> None:
    assert places(photos.drafted(files(photos))) == [
        "city/0000_x.jpg",
        "sea/0000_x.jpg",
        "city/0001_y.jpg",
        "unclustered/0000_c.jpg",
        "sea/0001_z.jpg",
        "city/0002_d.jpg",
    ]


def test_by_category_label_and_order(photos: Collection) -> None:
    paths = files(photos)
    photos.write("categories", category=["unsure", "nature/beach", "nature/wood", "dusk", "dusk", "unsure"])
    photos.write("labels", label=["00", "01", "1000", "1001", "11", "2"])
    by_category = places(photos.drafted(paths, kind="category"))
    assert by_category[:3] == ["unsure/0000_x.jpg", "nature/beach/0000_x.jpg", "nature/wood/0000_y.jpg"]
    by_label = places(photos.drafted(paths, kind="label", depth=2))
    assert by_label[2:] == ["1/0/0000_y.jpg", "1/0/0001_c.jpg", "1/1/0000_z.jpg", "2/0000_d.jpg"]
    by_order = places(photos.drafted(paths, kind="order", size=3))
    assert by_order[2:4] == ["0000 to 0002/0002_y.jpg", "0003 to 0005/0000_c.jpg"]


def test_names_may_be_kept_or_be_labels(photos: Collection) -> None:
    paths = files(photos)
    photos.write("labels", label=["00", "01", "1000", "1001", "11", ""])
    kept = places(photos.drafted(paths, kind="order", renaming="keep"))
    assert kept[:3] == ["0000 to 0005/x.jpg", "0000 to 0005/x.2.jpg", "0000 to 0005/y.jpg"]
    labelled = places(photos.drafted(paths, renaming="label"))
    assert labelled[:2] == ["city/00.jpg", "sea/01.jpg"]
    assert labelled[-1] == "city/0.jpg"


def test_former_folders_are_kept_underneath(photos: Collection) -> None:
    found = places(photos.drafted(files(photos), former=True))
    assert found == [
        "city/a/0000_x.jpg",
        "sea/b/0000_x.jpg",
        "city/a/0001_y.jpg",
        "unclustered/0000_c.jpg",
        "sea/a/b/0000_z.jpg",
        "city/0000_d.jpg",
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("kind", ["cluster", "order"])
def test_hardly_any_images(photos: Collection, kind: str, count: int) -> None:
    draft = photos.drafted(photos.many(count), kind=kind)
    assert len(draft.names) == count
    assert draft.facts == {"folders": min(count, 2 if kind == "cluster" else 1)}


def test_any_names_of_clusters_make_folders_that_can_be_filled_and_emptied(photos: Collection) -> None:
    names = [word.decode("utf-8", "backslashreplace") for word in WORDS]
    paths = photos.many(2 * len(names))
    photos.clustered([i // 2 for i in range(len(paths))], names)
    before = tree(photos.sources.parent)
    draft = photos.drafted(paths)
    assert statuses(photos.carry_out(draft)) == ["copied"] * len(paths)
    inside = defaultdict(list)
    for place in places(draft):
        assert (photos.output / place).is_file()
        inside[Path(place).parent].append(place)
    assert len(inside) == len(names)
    assert all(found == sorted(found) for found in inside.values())
    assert {path.name for path in photos.output.iterdir() if path.name[0] == "."} == {".seriatim"}
    assert photos.undo().refused == []
    assert {path: state for path, state in tree(photos.sources.parent).items() if path in before} == before
    assert photos.copies() == {}
    assert [path.name for path in photos.output.iterdir()] == [".seriatim"]


@pytest.mark.parametrize("mode", MODES)
def test_folders_that_take_each_others_names_are_renamed_and_nothing_is_made_anew(
    photos: Collection, mode: str
) -> None:
    paths = files(photos)
    before = tree(photos.sources)
    photos.carry_out(photos.drafted(paths, former=True), mode)
    photos.clustered([1, 0, 1, -1, 0, 1], ["city", "Sea"])
    draft = photos.drafted(paths, former=True)
    assert statuses(photos.carry_out(draft, mode)).count("kept") <= 1
    assert set(photos.copies()) == set(places(draft))
    assert "Sea/a/0000_x.jpg" in photos.copies()
    for name, content in zip(places(draft), FILES, strict=True):
        assert photos.copies()[name] == content
    again = photos.carry_out(photos.drafted(paths, former=True), mode)
    assert set(statuses(again)) == {"kept"}
    assert photos.undo().refused == []
    assert tree(photos.sources) == before
    assert photos.copies() == {}


def test_a_folder_of_ours_that_the_user_removed_is_made_again(photos: Collection) -> None:
    paths = files(photos)
    photos.carry_out(photos.drafted(paths, former=True))
    for path in sorted((photos.output / "sea").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (photos.output / "sea").rmdir()
    photos.carry_out(photos.drafted(paths[:1], former=True))
    assert set(photos.copies()) == {"city/a/0000_x.jpg"}
    photos.carry_out(photos.drafted(paths, former=True))
    assert len(photos.copies()) == len(FILES)


def test_a_users_files_in_our_folders_are_seen_and_stay(photos: Collection) -> None:
    paths = files(photos)
    photos.carry_out(photos.drafted(paths, former=True))
    (photos.output / "sea/mine.txt").write_text("mine")
    assert photos.carry_out(photos.drafted(paths, former=True)).foreign == [b"sea/mine.txt"]
    photos.undo()
    assert photos.copies() == {"sea/mine.txt": "mine"}


def test_duplicates_are_left_out_or_have_a_folder_of_their_own(photos: Collection) -> None:
    paths = files(photos)
    table = photos.duplicates({"a/y.jpg": 4})
    skipped = photos.drafted(paths, Duplicates.read("skip", table))
    assert places(skipped)[2:] == ["unclustered/0000_c.jpg", "sea/0001_z.jpg", "city/0001_d.jpg"]
    grouped = photos.drafted(paths, Duplicates.read("group", table), former=True)
    assert places(grouped)[2] == "duplicates/004/0000_y.jpg"


def test_names_come_from_where_files_lay_before_they_were_moved(photos: Collection) -> None:
    paths = files(photos)
    expected = places(photos.drafted(paths, former=True))
    photos.carry_out(photos.drafted(paths, former=True), "move")
    moved = [photos.output / place for place in expected]
    assert places(photos.drafted(moved, former=True)) == expected
    photos.naming = photos.naming.__class__("{folder}_{stem}{ext}")
    assert places(photos.drafted(moved))[0] == "city/a_x.jpg"


def test_what_was_moved_into_one_output_is_not_moved_into_the_other(
    photos: Collection, tmp_path: Path
) -> None:
    photos.carry_out(photos.drafted(files(photos)), "move")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match=r"6 images .* were moved to .*output.*Undo that first"):
        moves_of(tmp_path / "other", photos.output, "photos", "move")
    moves = moves_of(tmp_path / "other", photos.output, "photos", "copy")
    assert sorted(map(moves.former, moves.elsewhere)) == sorted(
        bytes(photos.sources / name) for name in FILES
    )
    assert moves_of(tmp_path / "other", photos.output, "somebody", "move") == ({}, {})
    assert tree(tmp_path) == before


def test_a_folder_of_moved_files_that_has_another_name_is_not_forgotten(photos: Collection) -> None:
    before = tree(photos.sources)
    photos.carry_out(photos.drafted(files(photos)), "move")
    check_folders(photos.output, moved_files(photos.output), allow_shrink=False)
    (photos.output / "city").rename(photos.output / "Holiday")
    moved = moved_files(photos.output)
    with pytest.raises(OutputError, match=r"3 images .*city\. Nothing was changed.*cluster_names\.csv"):
        check_folders(photos.output, moved, allow_shrink=False)
    check_folders(photos.output, moved, allow_shrink=True)
    (photos.output / "Holiday").rename(photos.output / "city")
    check_folders(photos.output, moved, allow_shrink=False)
    assert photos.undo().refused == []
    assert before.items() <= tree(photos.sources).items()
