"""The settings of the order, through the real workflow: kept, turned round, begun where the user wants."""

import csv
import json

import pyarrow.parquet as pq

from tests.conftest import Workflow, write_pictures


def facts_of(workflow: Workflow) -> dict[str, object]:
    record = json.loads((workflow.model / "records" / "path.npy.json").read_text())
    facts: dict[str, object] = record["facts"]
    return facts


def distances_of(workflow: Workflow) -> list[float | None]:
    distances: list[float | None] = pq.read_table(workflow.model / "order.parquet")[
        "distance_to_next"
    ].to_pylist()
    return distances


def test_a_kept_order_takes_in_what_is_new_and_leaves_the_rest(collection: Workflow) -> None:
    collection.config |= {"order_keep": True, "knn_k": 5}
    before = collection.order()
    collection.run("order")
    assert collection.order() == before
    (collection.images / before[7]).unlink()
    write_pictures(collection.images, 2, first=70)
    run = collection.run()
    after = collection.order()
    assert set(after) == set(before) - {before[7]} | {"image 70.jpg", "image 71.jpg"}
    kept = facts_of(collection)["kept"]
    assert isinstance(kept, dict)
    assert (kept["kept"], kept["inserted"], kept["removed"]) == (19, 2, 1)
    assert "2 inserted, 1 removed" in run.stderr
    assert "updated: 2 new rows searched" in (collection.model / "logs" / "knn.log").read_text()
    if kept["displaced"] == 0:
        assert [name for name in after if name in before] == [name for name in before if name in after]
    assert collection.jobs() == {}


def test_a_kept_order_is_the_same_to_the_byte_when_nothing_changed(collection: Workflow) -> None:
    collection.config["order_keep"] = True
    collection.run("order")
    path = (collection.model / "path.npy").read_bytes()
    side_file = collection.model / "kept" / "order.parquet"
    order = side_file.read_bytes()
    assert set(collection.jobs("order", "--forcerun", "knn")) >= {"knn", "two_opt"}
    assert (collection.model / "path.npy").read_bytes() == path
    assert side_file.read_bytes() == order


def test_a_kill_leaves_the_kept_order(collection: Workflow) -> None:
    side_file = collection.model / "kept" / "order.parquet"
    order = side_file.read_bytes()
    collection.config["order_keep"] = True
    write_pictures(collection.images, 1, first=70)
    collection.forget("two_opt")
    collection.kill_in("two_opt")
    assert side_file.read_bytes() == order
    collection.run("order")
    assert side_file.read_bytes() != order


def test_a_damaged_kept_order_is_set_aside_and_named(collection: Workflow) -> None:
    side_file = collection.model / "kept" / "order.parquet"
    side_file.write_bytes(side_file.read_bytes()[:-9])
    failed = collection.run("--forcerun", "two_opt", check=False, order_keep=True)
    assert failed.returncode == 1
    assert "kept order" in failed.stderr
    assert side_file.with_name("order.parquet.damaged").exists()


def test_an_order_begins_with_the_image_that_the_user_names(collection: Workflow) -> None:
    settings = {"order_start": "image 3.jpg", "order_list": True}
    collection.run(**settings)
    order = collection.order()
    assert order[0] == "image 3.jpg"
    listed = (collection.model / "order.txt").read_text().splitlines()
    assert listed == [f"input_images/{name}" for name in order]
    with (collection.model / "order.csv").open(newline="") as stream:
        assert [row["path"] for row in csv.DictReader(stream)] == listed
    distances = distances_of(collection)
    assert set(collection.jobs(**settings, order_reverse=True)) == {"order", "quality", "plan", "copy"}
    assert collection.order() == order[::-1]
    assert distances_of(collection) == [*distances[-2::-1], None]


def test_an_image_that_is_not_there_can_begin_nothing(collection: Workflow) -> None:
    failed = collection.run(check=False, order_start="image 99.jpg")
    assert failed.returncode == 1
    assert failed.stderr.count("there is no image image 99.jpg") == 1
