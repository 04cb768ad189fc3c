"""The pipeline on a real Slurm: it gives what a local run gives, whatever happens to jobs, nodes and itself.

Runs on a cluster are mostly waiting, so each of the few is looked at by several tests.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from scripts.lib.run.resources import Size, memory_mb, minutes
from tests.conftest import Workflow, write_pictures
from tests.slurm_cluster import CORES, SlurmCluster, slurm_cluster, why_not
from tests.submitting import SubmittingWorkflow

pytestmark = pytest.mark.xdist_group("slurm")
MANY, FEW = 500, 9
RESULTS = ("vectors.npy", "items.parquet", "path.npy")


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    reason = why_not()
    if reason:
        assert os.environ.get("CI") != "true", f"In CI nothing may be skipped. {reason}"
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="slurm"))  # short, because sockets lie in it
    with slurm_cluster(folder) as cluster:
        yield cluster
    shutil.rmtree(folder)


def sorted_here(folder: Path, count: int) -> Workflow:
    """Return the order of so many images that a plain run on this machine makes."""
    workflow = Workflow(folder)
    write_pictures(workflow.images, count)
    workflow.run("order")
    return workflow


def assert_equal(one: Workflow, other: Workflow, names: Sequence[str] = RESULTS) -> None:
    for name in names:
        assert (one.model / name).read_bytes() == (other.model / name).read_bytes(), name


@pytest.fixture(scope="module")
def large(cluster: SlurmCluster, tmp_path_factory: pytest.TempPathFactory) -> SubmittingWorkflow:
    """Return 500 images, sorted by jobs of Slurm."""
    workflow = SubmittingWorkflow(tmp_path_factory.mktemp("large"), cluster)
    write_pictures(workflow.images, MANY)
    workflow.submit(partitions=4, knn_partitions=2)
    return workflow


def test_jobs_of_slurm_make_what_a_local_run_makes(large: SubmittingWorkflow, tmp_path: Path) -> None:
    here = sorted_here(tmp_path, MANY)
    assert_equal(large, here)
    assert large.order() == here.order()
    assert len(large.copies()) == MANY


def test_each_job_asks_for_what_the_collection_needs(large: SubmittingWorkflow) -> None:
    dimension = int(re.search(r'"dimension": (\d+)', (large.model / "model.json").read_text())[1])
    jobs = large.jobs_of("embed")
    assert sorted(job["Comment"] for job in jobs) == [f"rule_embed_wildcards_{p}" for p in range(4)]
    size = Size(MANY, dimension, partitions=4)
    for job in jobs:
        assert job["MinMemoryNode"] == f"{memory_mb('embed', size)}M"
        hours, rest = divmod(minutes("embed", size), 60)
        assert job["TimeLimit"] == f"{hours:02}:{rest:02}:00"
        assert job["NumCPUs"] == str(CORES)
    assert {job["TresPerJob"] for job in large.jobs_of("knn_search")} == {"gres:gpu:1"}
    assert len(large.jobs_of("knn_search")) == 2
    assert not [job for job in large.jobs_of("path") if "gpu" in job["TRES"]]


def test_small_stages_share_a_job_and_all_jobs_of_a_run_a_name(large: SubmittingWorkflow) -> None:
    jobs = large.jobs_of("")
    assert len(jobs) == 9  # scan, 4 of embed, gather with knn_index, 2 of knn_search, the path
    (name,) = {job["JobName"] for job in jobs}
    assert re.fullmatch("seriatim_[0-9a-f-]{36}", name)
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}


@pytest.fixture(scope="module")
def small(cluster: SlurmCluster, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """Return a few images, sorted on this machine."""
    return sorted_here(tmp_path_factory.mktemp("small"), FEW)


def scanned(folder: Path, cluster: SlurmCluster) -> SubmittingWorkflow:
    """Return a few images of which the list is made, each of them to be embedded by three jobs with a GPU."""
    workflow = SubmittingWorkflow(folder, cluster)
    workflow.config |= {"partitions": 3}
    write_pictures(workflow.images, FEW)
    workflow.run("results/photos/inventory.parquet")
    return workflow


EMBED = ("embeddings", "--set-resources", "embed:gpu=1")


def kill_alone(run: subprocess.Popen[bytes]) -> None:
    """Kill the process that submits, and nothing of what it has submitted."""
    for each in [*psutil.Process(run.pid).children(recursive=True), psutil.Process(run.pid)]:
        each.send_signal(signal.SIGKILL)
    run.wait()


def test_a_run_that_is_killed_is_not_done_twice_and_survives_its_jobs(
    cluster: SlurmCluster, small: Workflow, tmp_path: Path
) -> None:
    workflow = scanned(tmp_path, cluster)
    with workflow.running(tmp_path / "first", *EMBED) as first:
        left = workflow.wait_for_jobs("embed", "RUNNING", 3)
        kill_alone(first)
    assert {job["TresPerJob"] for job in left} == {"gres:gpu:1"}
    assert len({job["NodeList"] for job in left}) == 3  # one GPU each

    with workflow.running(tmp_path / "second", *EMBED) as second:
        last = max(int(job["JobId"]) for job in left)
        victims = workflow.wait_for_jobs("embed", "RUNNING", 3, after=last)
        ended = [job["JobState"] for job in workflow.jobs_of("embed") if int(job["JobId"]) <= last]
        assert ended == ["CANCELLED"] * 3
        cluster.ask("scancel", victims[0]["JobId"])
        cluster.kill_node(victims[1]["NodeList"])
        cluster.restart_controller()
        cluster.hasten(victims[1]["JobId"])
        cluster.start_node(victims[1]["NodeList"])
        code = second.wait()
    said = (tmp_path / "second").read_text()
    assert code == 0, said + cluster.logs()
    assert "a former run left jobs that are still at work" in said, said

    again = workflow.jobs_of(f"embed_wildcards_{victims[0]['Comment'][-1]}")[-1]
    asked = [int(job["MinMemoryNode"].rstrip("MG")) for job in (victims[0], again)]
    assert asked[1] == 2 * asked[0]  # nobody knows why it ended
    assert int(cluster.jobs_by_id()[victims[1]["JobId"]]["Restarts"]) == 1
    assert workflow.embedded() == FEW
    workflow.run("gather")  # here: jobs and a plain run take turns as one likes
    assert_equal(workflow, small, RESULTS[:2])
    assert not (tmp_path / ".snakemake" / "run.lock").read_text()


def test_a_cluster_without_its_plugin_makes_the_same(
    cluster: SlurmCluster, small: Workflow, tmp_path: Path
) -> None:
    workflow = SubmittingWorkflow(tmp_path, cluster, "generic")
    write_pictures(workflow.images, FEW)
    workflow.submit("copy")
    assert_equal(workflow, small)
    assert workflow.order() == small.order()
    assert len(workflow.copies()) == FEW
