"""A kill in any stage, then a plain rerun: the same order and copies, and little work done twice."""

import pytest

from tests.conftest import COLLECTION_SIZE, PART_SIZE, Workflow, write_pictures

STAGES = ["scan", "weights", "embed", "gather", "knn", "bound", "mst", "traverse", "two_opt"]
STAGES += ["order", "quality", "plan", "copy"]


def assert_same(workflow: Workflow, undisturbed: Workflow) -> None:
    assert workflow.order() == undisturbed.order()
    assert workflow.copies() == undisturbed.copies()
    for artifact in ("vectors.npy", "path.npy"):
        expected = (undisturbed.model / artifact).read_bytes()
        assert (workflow.model / artifact).read_bytes() == expected


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_is_followed_by_a_plain_rerun(collection: Workflow, template: Workflow, stage: str) -> None:
    collection.forget(stage)
    collection.kill_in(stage)
    collection.run()
    assert_same(collection, template)
    assert collection.embedded() - COLLECTION_SIZE <= PART_SIZE
    assert collection.jobs() == {}


def test_kills_in_every_stage_of_one_run(workflow: Workflow, template: Workflow) -> None:
    write_pictures(workflow.images, COLLECTION_SIZE)
    for stage in STAGES:
        if stage not in ("scan", "embed", "copy"):  # it may have run beside one that was killed
            workflow.forget(stage)
        workflow.kill_in(stage)
    workflow.run()
    assert_same(workflow, template)
    assert workflow.embedded() - COLLECTION_SIZE <= PART_SIZE
