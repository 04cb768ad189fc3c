"""The whole command over folders, lists, tables and tars at once, and again when a tar has changed."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.files.rejected import read_rejected
from tests.conftest import Workflow, write_pictures
from tests.shards import TIME, entry, jpeg, write_tar

SOURCES = "[input_images, lists/a.txt, lists/b.parquet, 'shards/{0..1}.tar']"


def make_sources(folder: Path) -> dict[str, bytes]:
    """Make a folder, a list, a table and two tars; return the good images that they name, by their paths."""
    write_pictures(folder / "input_images", 5)
    write_pictures(folder / "far", 6, first=5)
    (folder / "lists").mkdir()
    here = [b"far/image %d.jpg" % n for n in (5, 6)]
    beside = [b"../far/image 7.jpg", b"input_images/image 0.jpg", b"far/gone.jpg"]
    (folder / "lists" / "a.txt").write_bytes(b"\n".join([*here, *beside, b""]))
    table = pa.table(
        {"image_path": [str(folder / "far" / "image 8.jpg"), "far/image 5.jpg"], "caption": ["a", "b"]}
    )
    pq.write_table(table, folder / "lists" / "b.parquet")
    write_first(folder / "shards" / "0.tar", range(20, 24))
    write_tar(folder / "shards" / "1.tar", {"deep/a.jpg": jpeg(30), "deep/b.jpg": jpeg(31)})
    data = (folder / "shards" / "1.tar").read_bytes()
    (folder / "shards" / "1.tar").write_bytes(
        data[: data.index(b"deep/b.jpg") + 600]
    )  # the second is cut off
    files = [*(f"input_images/image {n}.jpg" for n in range(5)), "far/image 5.jpg", "far/image 6.jpg"]
    files += ["lists/../far/image 7.jpg", str(folder / "far" / "image 8.jpg")]
    members = {f"shards/0.tar/{n}.jpg": jpeg(n) for n in range(20, 24)} | {
        "shards/1.tar/deep/a.jpg": jpeg(30)
    }
    return {file: (folder / file).read_bytes() for file in files} | members


def write_first(tar: Path, seeds: range) -> None:
    """Write a tar of good images, a bad one, and one that would lead out."""
    members = [(f"{n}.jpg", jpeg(n)) for n in seeds]
    write_tar(tar, [*members, ("bad.jpg", b"no image"), (entry("../out.jpg"), jpeg(9)), ("20.json", b"{}")])


def test_folders_lists_tables_and_tars_are_sorted_as_one(workflow: Workflow) -> None:
    good = make_sources(workflow.folder)
    workflow.config |= {"images": SOURCES, "report": True}
    originals = {path: path.read_bytes() for path in (workflow.folder / "shards").iterdir()}
    workflow.run("all", "duplicates")
    order = pq.read_table(workflow.model / "order.parquet")
    assert sorted(order["path"].to_pylist()) == sorted(good)
    rows = dict(zip(order["path"].to_pylist(), order.to_pylist(), strict=True))
    assert rows["shards/0.tar/20.jpg"]["mtime_ns"] == TIME * 10**9
    assert rows["shards/0.tar/20.jpg"]["root"] == "shards/0.tar"
    assert rows["shards/0.tar/20.jpg"]["absolute_path"] == str(workflow.folder / "shards/0.tar/20.jpg")
    assert sorted(workflow.copies().values()) == sorted(good.values())
    names = {name.partition("_")[2]: name for name in workflow.copies()}
    assert (workflow.output / names["20.jpg"]).stat().st_mtime_ns == TIME * 10**9

    rejected = {
        row["path"]: row["error"] for row in read_rejected(workflow.model / "rejected.csv").to_pylist()
    }
    assert sorted(rejected) == [
        "lists/far/gone.jpg",
        *(f"shards/{n}" for n in ("0.tar/../out.jpg", "0.tar/bad.jpg", "1.tar")),
    ]
    assert "truncated" in rejected["shards/1.tar"]
    assert "leads out" in rejected["shards/0.tar/../out.jpg"]

    assert (workflow.model / "report.html").read_text().count("data:image/jpeg") >= len(good)
    hashed = pq.read_table(workflow.results / "image_hashes.parquet")
    assert hashed["status"].to_pylist() == ["ok"] * len(good)
    assert len(list((workflow.results / "tars").iterdir())) == 2
    assert workflow.jobs() == {}

    write_first(
        workflow.folder / "shards" / "0.tar", range(21, 25)
    )  # one gone, one new, the others elsewhere
    os.utime(workflow.folder / "shards" / "0.tar", ns=(0, TIME))
    before = workflow.embedded()
    jobs = workflow.jobs()
    assert {"scan", "embed", "copy"} <= set(jobs)
    assert workflow.embedded() == before + 1
    expected = {**good, "shards/0.tar/24.jpg": jpeg(24)}
    del expected["shards/0.tar/20.jpg"]
    assert sorted(workflow.copies().values()) == sorted(expected.values())
    (aside,) = (workflow.output / ".removed").iterdir()  # the last of its kind
    assert aside.read_bytes() == jpeg(20)

    refused = workflow.run(check=False, copy_mode="move", move_originals=True).stderr
    assert "5 of 14 images lie in a tar and can't be moved out of it" in refused
    workflow.run(copy_mode="move", move_originals=True, copy_fallback=True)
    assert not any((workflow.folder / "input_images").iterdir())
    assert sorted(workflow.copies().values()) == sorted(expected.values())
    workflow.run("undo", copy_mode="move", move_originals=True)
    assert sorted(path.name for path in (workflow.folder / "far").iterdir())[0] == "image 10.jpg"
    for path, data in good.items():
        if "tar" not in path:
            assert (workflow.folder / path).read_bytes() == data
    assert (
        originals[workflow.folder / "shards" / "1.tar"] == (workflow.folder / "shards" / "1.tar").read_bytes()
    )
