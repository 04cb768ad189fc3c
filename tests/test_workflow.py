"""The real Snakefile on small images: what runs when something changed, and what does not."""

import json
import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import torch
import yaml

from scripts.lib.embedding.models.torchvision_import import import_torchvision
from tests.conftest import Workflow, wait_until, write_pictures

SEARCH = {"gather", "knn", "bound", "mst", "traverse", "two_opt"}
LAST = {"order", "quality", "plan", "copy"}
CHAIN = {"embed", *SEARCH, *LAST}


def images_of(workflow: Workflow) -> list[Path]:
    return sorted(workflow.images.iterdir())


def fingerprint_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return times and bytes of all artifacts below a folder."""
    return {
        str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes())
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not {"logs", "benchmarks", "run.json", "benchmarks.tsv"} & set(p.parts)
    }


def test_a_plain_run_sorts_and_a_second_one_does_nothing(collection: Workflow) -> None:
    paths = images_of(collection)
    assert sorted(collection.order()) == sorted(path.name for path in paths)
    copies = collection.copies()
    assert list(sorted(copies)) == [f"{i:04}_{name}" for i, name in enumerate(collection.order())]
    for name, content in copies.items():
        assert content == (collection.images / name[5:]).read_bytes()
    before = fingerprint_of(collection.folder / "results")
    assert collection.jobs() == {}
    assert fingerprint_of(collection.folder / "results") == before
    saved = yaml.safe_load((collection.model / "config.yaml").read_text())
    assert saved["model"] == "descriptor"
    assert saved["knn_k"] == 24


def test_added_images_embed_alone_and_removed_ones_leave(collection: Workflow) -> None:
    paths = images_of(collection)
    write_pictures(collection.images / "nested" / "deeper", 3, first=50)
    paths[0].unlink()
    assert set(collection.jobs()) == {"scan", *CHAIN}
    assert collection.embedded() == 23
    assert len(collection.order()) == 22
    assert paths[0].name not in collection.order()
    assert len(collection.copies()) == 22
    (aside,) = (collection.output / ".removed").iterdir()  # its source is gone: it may be the last copy
    assert aside.name.endswith(paths[0].name)


def test_a_modified_image_is_embedded_anew(collection: Workflow) -> None:
    paths = images_of(collection)
    paths[3].write_bytes(paths[3].read_bytes() + b"trailing")
    assert set(collection.jobs()) == {"scan", *CHAIN}
    assert collection.embedded() == 21
    assert len(collection.order()) == 20


@pytest.mark.parametrize("change", ["rename", "touch", "copy"])
def test_a_change_of_names_or_times_repeats_no_embedding_and_no_search(
    collection: Workflow, change: str
) -> None:
    paths = images_of(collection)
    if change == "rename":
        paths[4].rename(collection.images / "renamed.jpg")
    elif change == "touch":
        os.utime(paths[4], ns=(0, 10**18))
    else:
        (collection.images / "again.jpg").write_bytes(paths[4].read_bytes())
    assert set(collection.jobs()) <= {"scan", *LAST}
    assert collection.embedded() == 20
    if change == "copy":
        table = pq.read_table(collection.model / "order.parquet")
        twins = [
            path
            for path, group in zip(collection.order(), table["duplicate_group"], strict=True)
            if group.is_valid
        ]
        assert sorted(twins) == sorted(["again.jpg", paths[4].name])


ARTIFACTS = {
    "inventory.parquet": {"scan", *LAST},
    "inventory/0.parquet": {"scan", *CHAIN},
    "descriptor/embed/0.parquet": CHAIN,
    "descriptor/vectors.npy": CHAIN - {"embed"},
    "descriptor/items.parquet": CHAIN - {"embed"},
    "descriptor/knn.npz": CHAIN - {"embed", "gather"},
    "descriptor/bound.json": {"bound", "quality"},
    "descriptor/mst.npy": {"mst", "traverse", "two_opt", *LAST},
    "descriptor/traversal.npy": {"traverse", "two_opt", *LAST},
    "descriptor/path.npy": {"two_opt", *LAST},
    "descriptor/order.parquet": LAST,
    "descriptor/order.csv": LAST,
    "descriptor/rejected.csv": LAST,
    "descriptor/quality.json": {"quality"},
    "descriptor/quality.png": {"quality"},
    "descriptor/plan.parquet": {"plan", "copy"},
    "descriptor/plan.csv": {"plan", "copy"},
    "copied.parquet": {"copy"},
}


def test_a_deleted_artifact_is_made_again_by_a_plain_run(collection: Workflow) -> None:
    order, copies = collection.order(), collection.copies()
    alone = ["inventory/0.parquet", "descriptor/mst.npy", "descriptor/rejected.csv", "copied.parquet"]
    for artifacts in ([name] for name in alone):
        remake(collection, artifacts)
    remake(collection, [name for name in ARTIFACTS if name not in alone])
    assert collection.embedded() == 20
    assert (collection.order(), collection.copies()) == (order, copies)


def remake(collection: Workflow, artifacts: list[str]) -> None:
    """Delete artifacts and let a plain run make them again, with the jobs that they need."""
    for artifact in artifacts:
        (collection.results / artifact).unlink()
    jobs = set(collection.jobs())
    assert jobs <= set().union(*(ARTIFACTS[artifact] for artifact in artifacts))
    for artifact in artifacts:
        assert (collection.results / artifact).exists(), artifact


@pytest.mark.parametrize(
    "artifact", ["descriptor/embed/0.parquet", "descriptor/vectors.npy", "descriptor/mst.npy"]
)
def test_a_damaged_artifact_is_found_by_its_reader_and_made_again(
    collection: Workflow, artifact: str
) -> None:
    order = collection.order()
    victim = collection.results / artifact
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    reader = {"0": "gather", "vectors": "knn", "mst": "traverse"}[victim.stem]
    failed = collection.run("--forcerun", reader, check=False)
    assert failed.returncode == 1
    assert "set aside" in failed.stderr
    collection.run()
    assert collection.order() == order


def test_each_stage_can_be_rerun_alone(collection: Workflow) -> None:
    assert collection.jobs("mst") == {}
    assert collection.jobs("mst", "--forcerun", "mst") == {"mst": 1}
    assert collection.jobs("embeddings") == {}
    assert set(collection.jobs("--forcerun", "traverse")) == {"traverse", "two_opt", *LAST}
    assert collection.jobs() == {}


def test_a_changed_setting_reruns_what_depends_on_it(collection: Workflow) -> None:
    assert set(collection.jobs(knn_k=5)) == CHAIN - {"embed", "gather"}
    collection.config["knn_k"] = 5
    assert collection.jobs() == {}
    assert set(collection.jobs(output="elsewhere")) == {"plan", "copy"}
    assert set(collection.jobs(output="elsewhere", copy_mode="none")) == {"copy"}
    assert collection.jobs(output="elsewhere", copy_mode="none", device="cpu", batch_size=2) == {}


def test_vectors_and_order_do_not_depend_on_partitions_or_cores(workflow: Workflow, tmp_path: Path) -> None:
    paths = write_pictures(workflow.images, 24)
    results = []
    for name, partitions, cores in (("one", 1, 1), ("four", 4, 2)):
        settings = {"name": name, "partitions": partitions, "store": f"store-{name}", "output": name}
        workflow.run("order", cores=cores, **settings)
        folder = workflow.folder / "results" / name / "descriptor"
        files = ("vectors.npy", "items.parquet", "knn.npz", "path.npy", "order.parquet")
        results.append([(folder / file).read_bytes() for file in files])
    assert results[0] == results[1]
    assert len(paths) == len(np.load(folder / "path.npy"))


def test_another_number_of_partitions_embeds_nothing_again(collection: Workflow) -> None:
    order = collection.order()
    assert collection.jobs(partitions=3)["embed"] == 3
    assert collection.embedded() == 20
    assert collection.order() == order


def test_another_model_leaves_the_first_ones_artifacts_alone(collection: Workflow) -> None:
    before = fingerprint_of(collection.model)
    torch.manual_seed(0)
    network = import_torchvision().models.get_model("mobilenet_v3_small", weights=None)
    torch.save(network.state_dict(), collection.folder / "w.pth")
    settings = {"model": "mobilenet_v3_small", "weights": "w.pth", "batch_size": 4}
    collection.run(**settings)
    (other,) = collection.results.glob("mobilenet_v3_small-*")
    assert json.loads((other / "model.json").read_text())["dimension"] == 1024
    assert np.load(other / "vectors.npy").shape[1] == 1024  # all alike: an untrained network sees nothing
    assert len(pq.read_table(other / "items.parquet")) == 20
    assert fingerprint_of(collection.model) == before
    assert collection.jobs(**settings) == {}
    assert set(collection.jobs()) == {"copy"}


def test_precomputed_vectors_need_no_files(workflow: Workflow) -> None:
    import pyarrow as pa

    vectors = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    vectors[3] = np.nan
    table = pa.table({"path": [f"gone/{i}.jpg" for i in range(30)], "vector": list(vectors)})
    pq.write_table(table, workflow.folder / "v.parquet")
    workflow.config = {"model": "precomputed", "embeddings": "v.parquet", "copy_mode": "none", "part_size": 8}
    workflow.run()
    order = pq.read_table(workflow.model / "order.parquet")
    assert order["position"].to_pylist() == list(range(29))
    assert set(order["path"].to_pylist()) == {f"gone/{i}.jpg" for i in range(30) if i != 3}
    assert "gone/3.jpg" in (workflow.model / "rejected.csv").read_text()
    assert workflow.jobs() == {}


def test_a_second_run_at_the_same_time_is_refused(workflow: Workflow) -> None:
    from scripts.lib.run.lock import claim

    write_pictures(workflow.images, 2)
    with closing(claim(workflow.folder / ".snakemake" / "run.lock")):
        refused = workflow.run(check=False)
    assert refused.returncode == 1
    assert "Another run is at work" in refused.stderr


def test_a_missing_folder_is_named_once_with_both_ways_out(workflow: Workflow) -> None:
    failed = workflow.run(check=False)
    assert failed.returncode == 1
    assert failed.stderr.count("There is no folder input_images") == 1
    assert "--config images=FOLDER" in failed.stderr
    assert "config/config.yaml" in failed.stderr
    assert "logs/scan.log" in failed.stderr


def test_without_weights_and_network_the_ways_out_are_told_once(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(workflow.folder / "torch"))
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # nobody listens there
    write_pictures(workflow.images, 2)
    failed = workflow.run(check=False, model="regnet_y_16gf")
    assert failed.returncode == 1
    assert failed.stderr.count("can't be downloaded") == 1
    assert "model=descriptor, which needs no weights" in failed.stderr


def test_an_unknown_key_is_answered_with_the_nearest(workflow: Workflow) -> None:
    failed = workflow.run(check=False, imags="x")
    assert failed.returncode == 1
    assert "the nearest is 'images'" in failed.stderr


def test_new_images_are_seen_without_the_engines_own_records(collection: Workflow) -> None:
    shutil.rmtree(collection.folder / ".snakemake")
    assert collection.jobs() == {}
    write_pictures(collection.images, 1, first=70)
    collection.run()
    assert "image 70.jpg" in collection.order()


def test_a_scan_that_was_killed_alone_is_repeated(collection: Workflow) -> None:
    write_pictures(collection.images, 1, first=70)
    with (collection.images / "long to hash.jpg").open("wb") as stream:
        stream.truncate(2 << 30)  # a hole, which takes no room on the disk but its time to read
    collection.log_of("scan").unlink()
    run = subprocess.Popen(collection.command(), cwd=collection.folder, stderr=subprocess.DEVNULL)
    wait_until(lambda: collection.at_work("scan"), "scan is at work")
    for child in psutil.Process(run.pid).children(recursive=True):
        if any("scan.py" in word for word in child.cmdline()):
            child.kill()
    assert run.wait() == 1
    collection.run()
    assert "image 70.jpg" in collection.order()


@pytest.mark.parametrize("brake", ["strangers", "gone", "missing"])
def test_a_refusal_is_repeated_until_its_cause_is_gone(collection: Workflow, brake: str) -> None:
    copies = collection.copies()
    settings = {}
    hidden = collection.folder / "hidden"
    if brake == "strangers":
        write_pictures(collection.folder / "others", 3)
        settings = {"images": "others"}
    elif brake == "gone":
        for path in images_of(collection)[:15]:
            path.unlink()
    else:
        collection.images.rename(hidden)
    for _ in range(2):
        refused = collection.run(check=False, **settings)
        assert refused.returncode == 1
        assert "allow_shrink" in refused.stderr
    assert collection.copies() == copies
    if brake == "missing":
        hidden.rename(collection.images)
        collection.run()
        assert collection.copies() == copies
