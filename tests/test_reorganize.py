"""Images filed into folders by the real workflow: in every mode, renamed, killed, undone, beside a sort."""

import csv
import os
import signal
import subprocess
from collections import defaultdict
from itertools import chain
from pathlib import Path

import pyarrow.parquet as pq

from tests.conftest import COLLECTION_SIZE, Workflow, wait_until, write_pictures
from tests.copying import tree

MOVE = {"copy_mode": "move", "move_originals": True}
FEW = {"clusters": 3}


def filed(workflow: Workflow) -> dict[str, bytes]:
    """Return what lies in the folders, by names below them."""
    folder = workflow.folder / "filed_images"
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(".")}


def assert_filed_in_path_order(workflow: Workflow) -> None:
    """Raise AssertionError unless all images are there, and names in each folder are in path order."""
    positions = {name: i for i, name in enumerate(workflow.order())}
    inside = defaultdict(list)
    for name in sorted(filed(workflow)):
        place = Path(name)
        inside[place.parent].append(positions[place.name.partition("_")[2]])
    assert sorted(chain.from_iterable(inside.values())) == list(range(len(positions)))
    assert all(found == sorted(found) for found in inside.values())


def give_name(workflow: Workflow, name: str) -> None:
    """Name the first cluster in the table of the user."""
    table = workflow.model / "cluster_names.csv"
    with table.open() as stream:
        rows = list(csv.DictReader(stream))
    rows[0]["your_name"] = name
    with table.open("w") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_by_cluster_beside_a_sort_and_renamed_and_undone(collection: Workflow) -> None:
    images, output = tree(collection.images), tree(collection.output)
    told = collection.run("plan_reorganize", **FEW).stderr
    assert "20 images for filed_images in 3 folders: 20 to be copied" in told
    assert not (collection.folder / "filed_images").exists()
    assert "20 images in folders are in filed_images" in collection.run("reorganize", **FEW).stderr
    assert_filed_in_path_order(collection)
    before = filed(collection)
    give_name(collection, "../.hidden: CON/")
    told = collection.run("reorganize", **FEW).stderr
    assert "to be copied" not in told
    assert_filed_in_path_order(collection)
    renamed = {name for name in filed(collection) if not name.startswith("cluster")}
    assert {name.partition("/")[0] for name in renamed} == {"___.hidden_ CON_"}
    assert sorted(filed(collection).values()) == sorted(before.values())
    assert collection.jobs("reorganize", **FEW) == {}
    assert "are as they were recorded" in collection.run("verify", **FEW).stderr
    assert (tree(collection.images), tree(collection.output)) == (images, output)
    assert "20 files removed" in collection.run("undo_reorganize", **FEW).stderr
    assert filed(collection) == {}
    assert (tree(collection.images), tree(collection.output)) == (images, output)


def test_moved_by_order_and_back_with_new_images_and_a_sort_meanwhile(collection: Workflow) -> None:
    by_order = {"folders": "order", "folders_size": 6}
    before = tree(collection.images)
    collection.run("reorganize", **MOVE, **by_order)
    assert not list(collection.images.iterdir())
    assert len(filed(collection)) == COLLECTION_SIZE
    refused = collection.run(check=False, **MOVE)
    assert refused.returncode == 1
    assert "were moved to 'filed_images', and can't be" in " ".join(refused.stderr.split())
    added = write_pictures(collection.images, 1, first=99)
    before |= tree(collection.images)
    collection.run()
    assert len(collection.copies()) == COLLECTION_SIZE + 1
    assert {name[5:] for name in collection.copies()} == {Path(path).name for path in before}
    collection.run("reorganize", **MOVE, **by_order)
    assert len(filed(collection)) == COLLECTION_SIZE + 1
    assert not added[0].exists()
    assert collection.embedded() == COLLECTION_SIZE + 1
    assert "21 moved back" in collection.run("undo_reorganize", **MOVE, **by_order).stderr
    assert tree(collection.images) == before


def test_a_kill_while_filing_is_followed_by_a_plain_rerun(collection: Workflow) -> None:
    settings = {"folders": "order", "folders_size": 4, **MOVE}
    before = tree(collection.images)
    run = subprocess.Popen(
        collection.command("reorganize", **settings),
        cwd=collection.folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: any((collection.folder / "filed_images").glob("0*")), "reorganize is at work")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    collection.run("reorganize", **settings)
    assert len(filed(collection)) == COLLECTION_SIZE
    assert not list(collection.images.iterdir())
    collection.run("undo_reorganize", **settings)
    assert tree(collection.images) == before


def test_nothing_is_filed_where_nothing_is_to_be_copied(collection: Workflow) -> None:
    settings = {"folders": "order", "folders_size": 5, "copy_mode": "none"}
    assert "copy_mode is none" in collection.run("reorganize", **settings).stderr
    assert not (collection.folder / "filed_images").exists()
    targets = pq.read_table(collection.model / "reorganize.parquet")["target"].to_pylist()
    assert len(targets) == COLLECTION_SIZE
    assert targets == sorted(targets)
