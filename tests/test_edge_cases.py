"""Collections as they come: hostile files, tiny sets, equal images, odd names."""

import csv
import io
import os
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.conftest import Workflow, picture, write_pictures


def gigantic_png() -> bytes:
    """Return a PNG whose header declares 60,000 x 60,000 pixels, with data for a few."""

    def chunk(content: bytes) -> bytes:
        return (len(content) - 4).to_bytes(4, "big") + content + zlib.crc32(content).to_bytes(4, "big")

    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(header) + chunk(b"IDAT" + zlib.compress(bytes(100))) + chunk(b"IEND")


def encoded(seed: int, kind: str) -> bytes:
    stream = io.BytesIO()
    picture(seed).save(stream, kind)
    return stream.getvalue()


def write_bytes(folder: Path, name: bytes, content: bytes) -> None:
    path = os.fsencode(folder) + b"/" + name
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(content)


BAD = {
    b"empty.jpg": b"",
    b"text.jpg": b"this is no image",
    b"truncated.jpg": encoded(1, "JPEG")[:400],
    b"gigantic.png": gigantic_png(),
    b"=cmd|x.png": b"formula",
}
GOOD = {
    b"png named.jpg": encoded(2, "PNG"),
    b"UPPER.JPEG": encoded(3, "JPEG"),
    b"a/same.jpg": encoded(4, "JPEG"),
    b"b/same.jpg": encoded(5, "JPEG"),
    b"c/twin.jpg": encoded(4, "JPEG"),
    b"new\nline.jpg": encoded(6, "JPEG"),
    b"quote'\"{brace}.jpg": encoded(7, "JPEG"),
    "Übung 日本 🌊.webp".encode(): encoded(8, "WEBP"),
    b"\xff\xfe not utf8.gif": encoded(9, "GIF"),
    b"x" * 246 + b".jpg": encoded(10, "JPEG"),
    b"-rf.bmp": encoded(11, "BMP"),
    b"tiff.tif": encoded(12, "TIFF"),
    b"a #b/odd $HOME {x} ; rm.png": encoded(13, "PNG"),
}


@pytest.fixture
def hostile(workflow: Workflow) -> Workflow:
    for name, content in (BAD | GOOD).items():
        write_bytes(workflow.images, name, content)
    Image.new("RGBA", (1, 500), (9, 9, 9, 0)).save(workflow.images / "thin.png")
    (workflow.images / "dangling.jpg").symlink_to("nowhere")
    (workflow.images / "loop").symlink_to(workflow.images)
    os.mkfifo(workflow.images / "pipe.jpg")
    return workflow


def test_hostile_files_are_sorted_or_named(hostile: Workflow) -> None:
    before = {p: p.read_bytes() for p in hostile.images.rglob("*") if p.is_file()}
    hostile.run()
    order = pq.read_table(hostile.model / "order.parquet")
    sources = order["path_bytes"].to_pylist()
    expected = [b"input_images/" + name for name in [*GOOD, b"thin.png"]]
    assert sorted(sources) == sorted(expected)
    copies = sorted(os.listdir(os.fsencode(hostile.output)))
    copies = [name for name in copies if not name.startswith(b".")]
    assert [name[:5] for name in copies] == [b"%04d_" % i for i in range(len(sources))]
    for copy, source in zip(copies, sources, strict=True):
        assert len(copy) <= 255
        assert os.path.splitext(copy)[1] == os.path.splitext(source)[1]
        copied = (Path(os.fsdecode(os.fsencode(hostile.output) + b"/" + copy))).read_bytes()
        assert copied == Path(hostile.folder, os.fsdecode(source)).read_bytes()
    groups = dict(zip(sources, order["duplicate_group"].to_pylist(), strict=True))
    assert groups[b"input_images/a/same.jpg"] == groups[b"input_images/c/twin.jpg"] is not None
    assert groups[b"input_images/b/same.jpg"] is None
    with (hostile.model / "rejected.csv").open(newline="", encoding="utf-8") as stream:
        rejected = {row["path"].rpartition("input_images/")[2]: row for row in csv.DictReader(stream)}
    assert set(rejected) >= {name.decode() for name in BAD} | {"dangling.jpg", "pipe.jpg", "loop"}
    assert all(row["error"] for row in rejected.values())
    assert rejected["gigantic.png"]["status"] == "too large"
    assert {p: p.read_bytes() for p in hostile.images.rglob("*") if p.is_file()} == before
    assert hostile.jobs() == {}


@pytest.mark.parametrize("count", [1, 2])
def test_tiny_collections(workflow: Workflow, count: int) -> None:
    paths = write_pictures(workflow.images, count)
    workflow.run(partitions=2)
    assert sorted(workflow.order()) == sorted(path.name for path in paths)
    assert len(workflow.copies()) == count


def test_equal_images_in_many_files_are_one_group(workflow: Workflow) -> None:
    content = write_pictures(workflow.images, 1)[0].read_bytes()
    for i in range(30):
        (workflow.images / f"copy {i:02}.jpg").write_bytes(content)
    workflow.run("order")
    table = pq.read_table(workflow.model / "order.parquet")
    assert table["duplicate_group"].to_pylist() == [0] * 31
    assert workflow.order() == sorted(workflow.order())
    assert workflow.embedded() == 1


def test_equal_pixels_in_different_bytes_stand_side_by_side(workflow: Workflow) -> None:
    write_pictures(workflow.images, 8)
    for i in range(8):  # more than a neighbour list is long would fall apart at distance zero
        content = (workflow.images / "image 3.jpg").read_bytes()
        (workflow.images / f"twin {i}.jpg").write_bytes(content + bytes([i]))
    workflow.run("order", knn_k=4)
    positions = [i for i, name in enumerate(workflow.order()) if "twin" in name or name == "image 3.jpg"]
    assert positions == list(range(positions[0], positions[0] + 9))


def test_a_collection_of_nothing_but_bad_files_ends_well(workflow: Workflow) -> None:
    for name, content in BAD.items():
        write_bytes(workflow.images, name, content)
    workflow.run()
    assert workflow.order() == []
    assert workflow.copies() == {}


def test_a_folder_without_images_is_named(workflow: Workflow) -> None:
    workflow.images.mkdir()
    failed = workflow.run(check=False)
    assert "No images found below input_images" in failed.stderr


def test_folders_with_odd_names_are_those_that_are_sorted(workflow: Workflow) -> None:
    write_pictures(workflow.folder / "2024_10 #{x}", 3)
    write_pictures(workflow.folder / "2024_10", 1)
    workflow.run(images="2024_10 #{x}", output="o {y} #2")
    assert len(list((workflow.folder / "o {y} #2").glob("0*"))) == 3


def test_precomputed_vectors_of_vanished_files_leave_the_copies_alone(workflow: Workflow) -> None:
    paths = write_pictures(workflow.images, 6)
    vectors = [[float(i), 0.0] for i in range(6)]
    table = pa.table({"path": [str(path) for path in paths], "vector": vectors})
    pq.write_table(table, workflow.folder / "v.parquet")
    workflow.config = {"model": "precomputed", "embeddings": "v.parquet"}
    workflow.run("copy")
    assert len(workflow.copies()) == 6
    workflow.images.rename(workflow.folder / "away")
    refused = workflow.run("--forcerun", "copy", check=False)
    assert "6 of 6 images to be copied are gone" in refused.stderr
    assert len(workflow.copies()) == 6


def test_an_output_inside_the_images_is_left_out(workflow: Workflow) -> None:
    write_pictures(workflow.images, 5)
    settings = {"output": "input_images/sorted"}
    assert "lies inside the images and is left out" in workflow.run(**settings).stderr
    assert len(workflow.order()) == 5
    assert workflow.jobs(**settings) == {}


def test_a_file_that_could_not_be_read_is_tried_again_once_it_can_be(workflow: Workflow) -> None:
    paths = write_pictures(workflow.images, 8)
    lost = workflow.images / "lost.jpg"
    lost.symlink_to(workflow.folder / "elsewhere.jpg")
    workflow.run("order")
    assert len(workflow.order()) == 8
    (workflow.folder / "elsewhere.jpg").write_bytes(paths[0].read_bytes() + b"x")
    workflow.run()
    assert "lost.jpg" in workflow.order()
    assert workflow.jobs() == {}
