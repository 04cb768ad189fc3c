"""Links, moves, plan and undo in the real workflow, from the user's point of view."""

import csv
import json
import os
from pathlib import Path

import pyarrow.parquet as pq

from tests.conftest import COLLECTION_SIZE, Workflow, write_pictures
from tests.copying import tree

MOVE = {"copy_mode": "move", "move_originals": True}


def plan_of(workflow: Workflow) -> dict[str, object]:
    summary: dict[str, object] = json.loads((workflow.model / "plan.json").read_text())
    return summary


def test_a_plan_says_everything_and_touches_nothing(workflow: Workflow) -> None:
    write_pictures(workflow.images, 5)
    before = tree(workflow.images)
    told = workflow.run("plan").stderr
    assert "5 images for sorted_images: 5 to be copied" in told
    assert tree(workflow.images) == before
    assert not workflow.output.exists()
    with (workflow.model / "plan.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["action"] for row in rows] == ["copy"] * 5
    plan = plan_of(workflow)
    assert plan["bytes"] == sum(path.stat().st_size for path in workflow.images.iterdir())
    workflow.run()
    assert sorted(workflow.copies()) == [row["target"] for row in rows]


def test_a_second_plan_says_what_is_in_place(collection: Workflow) -> None:
    write_pictures(collection.images, 1, first=99)
    state = tree(collection.output)
    collection.run("plan", order_reverse=True)
    actions = plan_of(collection)["actions"]
    assert isinstance(actions, dict)
    assert actions["copy"] == 1
    assert sum(actions.values()) == COLLECTION_SIZE + 1
    assert tree(collection.output) == state


def test_links_are_undone_until_they_are_asked_for_again(collection: Workflow) -> None:
    collection.run(copy_mode="symlink")
    links = [path for path in collection.output.iterdir() if path.is_symlink()]
    assert len(links) == COLLECTION_SIZE
    assert not any(os.path.isabs(os.readlink(link)) for link in links)
    assert "20 files removed" in collection.run("undo", copy_mode="symlink").stderr
    assert collection.copies() == {}
    again = collection.run(copy_mode="symlink")
    assert "was undone" in again.stderr
    assert collection.copies() == {}
    assert collection.jobs(copy_mode="symlink") == {}
    collection.run("--forcerun", "copy", copy_mode="symlink")
    assert len(collection.copies()) == COLLECTION_SIZE
    assert "are as they were recorded" in collection.run("verify", copy_mode="symlink").stderr


def test_moved_images_are_a_collection_that_grows_and_goes_back(workflow: Workflow) -> None:
    write_pictures(workflow.images / "a", 6)
    write_pictures(workflow.images / "b", 3, first=20)
    before = tree(workflow.images)
    workflow.run(**MOVE)
    assert not list(workflow.images.rglob("*.jpg"))
    assert len(workflow.copies()) == 9
    first = {Path(name).name[5:] for name in workflow.copies()}
    workflow.run(**MOVE)
    assert workflow.jobs(**MOVE) == {}
    added = write_pictures(workflow.images / "c", 2, first=30)
    workflow.run(**MOVE)
    assert len(workflow.copies()) == 11
    assert {name[5:] for name in workflow.copies()} == first | {path.name for path in added}
    assert workflow.embedded() == 11
    order = pq.read_table(workflow.model / "order.parquet")["path"].to_pylist()
    assert all(path.startswith(str(workflow.output)) or "/c/" in path for path in order)
    workflow.run("undo", **MOVE)
    assert workflow.copies() == {}
    for path in added:
        before |= {str(path): tree(path.parent)[str(path)]}
    assert tree(workflow.images) == before


def test_a_disk_with_moved_images_that_is_not_there_is_no_empty_collection(workflow: Workflow) -> None:
    write_pictures(workflow.images, 4)
    workflow.run(**MOVE)
    workflow.run(**MOVE)
    workflow.output.rename(workflow.folder / "unmounted")
    assert workflow.run(check=False, **MOVE).returncode == 1
    (workflow.folder / "unmounted").rename(workflow.output)
    assert workflow.run(**MOVE).returncode == 0


def test_to_move_needs_two_words(workflow: Workflow) -> None:
    paths = write_pictures(workflow.images, 2)
    refused = workflow.run(check=False, copy_mode="move")
    assert "move_originals: true" in refused.stderr
    assert all(path.exists() for path in paths)
