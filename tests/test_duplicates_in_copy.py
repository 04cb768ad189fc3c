"""What copy makes of duplicates: all kept, the lesser ones in a folder of theirs, or none; originals stay."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.artifacts.record import Provenance, recording
from scripts.lib.output.filing.duplicates import Duplicates
from scripts.lib.output.naming.names import Naming
from scripts.lib.output.plan_summary import sentences
from tests.conftest import COLLECTION_SIZE, Workflow, write_pictures
from tests.copying import statuses, tree
from tests.decided import Decision, write_decisions
from tests.filing import Collection, places

MODES = ["copy", "hardlink", "symlink", "move"]
LESSER = {"1.jpg": 7, "2.jpg": 7, "5.jpg": 12}


@pytest.fixture
def photos(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def test_numbers_are_positions_so_that_a_decision_renames_no_other_file(photos: Collection) -> None:
    paths = photos.many(6)
    table = photos.duplicates(LESSER)
    every = places(photos.sorted_draft(paths, Duplicates.read("keep", None)))
    assert every == [f"000{i}_{i}.jpg" for i in range(6)]
    skipped = photos.sorted_draft(paths, Duplicates.read("skip", table))
    assert places(skipped) == [every[i] for i in (0, 3, 4)]
    grouped = photos.sorted_draft(paths, Duplicates.read("group", table))
    assert places(grouped) == [
        every[0],
        f"duplicates/007/{every[1]}",
        f"duplicates/007/{every[2]}",
        every[3],
        every[4],
        f"duplicates/012/{every[5]}",
    ]


def test_none_is_left_out_in_favour_of_one_that_is_not_there() -> None:
    groups = {b"b": 0, b"c": 0, b"e": 1}
    duplicates = Duplicates("skip", groups, 3, {0: [b"a"], 1: [b"d"]})
    left = {}
    for paths in (b"abcde", b"bcde", b"ce", b"abc", b"", b"bcde"):
        order = [bytes([each]) for each in paths]
        left[paths] = b"".join(order[row] for row in duplicates.among(order).taken(order))
    assert left == {b"abcde": b"ad", b"bcde": b"bd", b"ce": b"ce", b"abc": b"a", b"": b""}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("handling", ["skip", "group"])
def test_originals_stay_and_undoing_gives_all_back(photos: Collection, handling: str, mode: str) -> None:
    paths = photos.many(6)
    before = tree(photos.sources)
    lesser = Duplicates.read(handling, photos.duplicates(LESSER))
    photos.carry_out(photos.sorted_draft(paths, lesser), mode)
    left = tree(photos.sources)
    assert left.items() <= before.items()
    if handling == "skip":
        assert {str(photos.sources / name) for name in LESSER} <= set(left)
    assert photos.undo().refused == []
    assert tree(photos.sources) == before


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
def test_a_decision_adds_or_removes_a_copy_and_touches_no_other(photos: Collection, mode: str) -> None:
    paths = photos.many(6)
    before = tree(photos.sources)
    photos.carry_out(photos.sorted_draft(paths, Duplicates.read("keep", None)), mode)
    everything = photos.copies()
    lesser = Duplicates.read("skip", photos.duplicates(LESSER))
    summary = photos.carry_out(photos.sorted_draft(paths, lesser), mode)
    assert statuses(summary) == ["kept"] * 3
    assert summary.removed == [b"0001_1.jpg", b"0002_2.jpg", b"0005_5.jpg"]
    grouped = Duplicates.read("group", photos.duplicates({"1.jpg": 7}))
    summary = photos.carry_out(photos.sorted_draft(paths, grouped), mode)
    assert statuses(summary).count("kept") == 3
    assert "duplicates/007/0001_1.jpg" in photos.copies()
    photos.carry_out(photos.sorted_draft(paths, Duplicates.read("keep", None)), mode)
    assert photos.copies() == everything
    assert not (photos.output / "duplicates").exists()
    assert tree(photos.sources) == before


def test_a_moved_file_that_is_to_be_left_out_stays_where_it_is(photos: Collection) -> None:
    paths = photos.many(3)
    photos.carry_out(photos.sorted_draft(paths, Duplicates.read("keep", None)), "move")
    places_now = [photos.output / f"000{i}_{i}.jpg" for i in range(3)]
    lesser = Duplicates("skip", {bytes(places_now[1]): 0}, 3)
    summary = photos.carry_out(photos.sorted_draft(places_now, lesser), "move")
    assert (statuses(summary), summary.stranded) == (["kept"] * 2, [b"0001_1.jpg"])
    assert (photos.output / "0001_1.jpg").read_text() == "content 1"
    assert photos.undo().refused == []
    assert len(tree(photos.sources)) == 3


def test_many_copies_are_divided_by_position_and_their_duplicates_are_not(photos: Collection) -> None:
    lesser = Duplicates.read("group", photos.duplicates({"5.jpg": 0}))
    found = places(photos.sorted_draft(photos.many(6), lesser, Naming(per_folder=2)))
    assert found[0] == "0000-0001/0000_0.jpg"
    assert found[5] == "duplicates/000/0005_5.jpg"


def test_how_many_there_are_is_said() -> None:
    facts = {"files": 1, "output": "out", "actions": {}, "numbered": 0, "cut": 0}
    facts |= {"leaving": 0, "stranded": 0, "foreign": 0}
    said = {
        handling: " ".join(sentences(facts | {f"duplicates_{handling}": 3})) for handling in ("skip", "group")
    }
    assert "3 duplicates are left out; their originals stay" in said["skip"]
    assert "3 duplicates go into the folder 'duplicates'" in said["group"]
    assert "duplicates" not in " ".join(sentences(facts))


def tell(workflow: Workflow, lesser: list[str]) -> None:
    """Write which images are duplicates of better ones, as the stage does."""
    paths = [f"input_images/{name}".encode() for name in lesser]
    columns = {
        "group": pa.array(range(len(paths)), pa.int32()),
        "path_bytes": pa.array(paths, pa.binary()),
        "keep": pa.array([False] * len(paths), pa.bool_()),
    }
    with recording(workflow.model / "duplicates.parquet", Provenance("duplicate_groups", 1)) as temporary:
        pq.write_table(pa.table(columns), temporary)


def test_a_sort_leaves_them_out_and_takes_them_back(collection: Workflow) -> None:
    images, copies, lesser = tree(collection.images), collection.copies(), collection.order()[3:5]
    tell(collection, lesser)
    told = collection.run(duplicates="skip").stderr
    assert "2 duplicates are left out" in told
    assert collection.copies() == {name: copies[name] for name in copies if name[5:] not in lesser}
    assert collection.jobs(duplicates="skip") == {}
    tell(collection, lesser[:1])
    collection.run(duplicates="skip")
    assert len(collection.copies()) == COLLECTION_SIZE - 1
    collection.run()
    assert collection.copies() == copies
    assert tree(collection.images) == images


def test_what_is_kept_of_moved_copies_does_not_change_and_is_decided_by_their_former_paths(
    workflow: Workflow,
) -> None:
    safe = workflow.folder / "safe"
    (photo,) = write_pictures(workflow.images, 1)
    twin, guarded = workflow.images / "twin.jpg", safe / "twin.jpg"
    safe.mkdir()
    for copy in (twin, guarded):
        shutil.copy2(photo, copy)  # with the same time: nothing but its path makes it the worse one
    workflow.config |= {"copy_mode": "move", "move_originals": True, "duplicates": "skip"}
    workflow.config |= {"images": f"[{workflow.images},{safe}]", "protected": str(safe)}
    write_decisions(workflow.results / "duplicate_decisions.csv", [Decision("keep", str(photo))])
    workflow.run()
    assert [path.name for path in workflow.images.iterdir()] == [twin.name]
    assert not guarded.exists()
    told = workflow.run().stderr
    assert "has no effect" not in told
    assert "no file lies in" not in told
    kept = pq.read_table(workflow.model / "duplicates.parquet").select(["path", "keep"]).to_pylist()
    assert {row["path"]: row["keep"] for row in kept} == {
        str(photo): True,
        str(guarded): True,
        str(twin): False,
    }
    assert [path.name for path in workflow.images.iterdir()] == [twin.name]
