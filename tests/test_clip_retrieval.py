"""The layout of clip-retrieval: a row a file, in parts, and read back by our own reader."""

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.artifacts.record import checksum, read_record
from scripts.lib.embedding.clip_retrieval import embedded_files, write_clip_retrieval
from scripts.lib.embedding.gather import Items, read_items, read_vectors
from scripts.lib.embedding.precomputed import common_form
from scripts.lib.embedding.vector_files import blocks
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes
from scripts.lib.files.lists import paths_in
from scripts.lib.files.scan import Row, inventory_table
from scripts.lib.files.status import OK, UNDECODABLE
from tests.conftest import COLLECTION_SIZE, Workflow


def inventory(contents: list[bytes | None]) -> pa.Table:
    """Return an inventory of files that hold some contents; None is a file that is no image."""
    names = [f"/p/{place:03d}.jpg" for place in range(len(contents))]
    return inventory_table(
        [
            Row(
                name,
                name.encode(),
                "/p",
                "image",
                9,
                8,
                content,
                "JPEG",
                7,
                6,
                OK if content else UNDECODABLE,
                None,
            )
            for name, content in zip(names, contents, strict=True)
        ]
    )


def made(files: int, dtype: str) -> tuple[pa.Table, Items, np.ndarray]:
    """Return files of which each third is the content of another, and one item has two contents."""
    random = np.random.default_rng(files)
    ids = np.array(sorted(random.bytes(31) + b"x" for _ in range(files - files // 3)), ID_DTYPE)
    items = Items(np.maximum(np.arange(len(ids)) - 1, 0).astype(np.int32), ids)
    contents = [*id_bytes(ids), *id_bytes(ids)[: files // 3]]
    random.shuffle(contents)
    return inventory(contents), items, random.normal(size=(len(ids), 5)).astype(dtype)


@pytest.mark.parametrize(("files", "part_rows", "parts"), [(1, 10, 1), (30, 30, 1), (31, 30, 2), (31, 3, 11)])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_our_reader_gets_each_file_with_the_vector_of_its_item(
    tmp_path: Path, files: int, part_rows: int, parts: int, dtype: str
) -> None:
    table, items, vectors = made(files, dtype)
    metadata, rows = embedded_files(table, items)
    counted: list[int] = []
    assert write_clip_retrieval(tmp_path / "c", metadata, rows, vectors, counted.append, part_rows) == parts
    assert sum(counted) == files
    found = [
        (path, block.values[a:b].tolist())
        for block in blocks(tmp_path / "c")
        for path, a, b in zip(block.paths.to_pylist(), block.starts, block.stops, strict=True)
    ]
    row_of = dict(zip(id_bytes(items.content_ids), items.rows, strict=True))
    pairs = zip(table["path_bytes"].to_pylist(), table["content_id"].to_pylist(), strict=True)
    assert found == [(path, vectors[row_of[content]].tolist()) for path, content in pairs]
    assert common_form(tmp_path / "c") == (5, dtype)
    for name in ("img_emb", "metadata"):  # by name as by number, for programs that sort them so
        names = sorted(file.stem for file in (tmp_path / "c" / name).iterdir())
        assert [int(each.rpartition("_")[2]) for each in names] == list(range(parts))


def test_files_without_a_vector_are_left_out(tmp_path: Path) -> None:
    _, items, vectors = made(3, "float16")
    first, second = id_bytes(items.content_ids)
    metadata, rows = embedded_files(inventory([second, None, b"\1" * 32, first]), items)
    assert metadata["image_path"].to_pylist() == ["/p/000.jpg", "/p/003.jpg"]
    assert metadata["content_id"].to_pylist() == [second.hex(), first.hex()]
    assert rows.tolist() == [items.rows[1], items.rows[0]]
    none, nothing = embedded_files(inventory([None]), items)
    assert write_clip_retrieval(tmp_path / "c", none, nothing, vectors, lambda count: None) == 1
    assert np.load(tmp_path / "c" / "img_emb" / "img_emb_0.npy").shape == (0, 5)


def test_what_is_read_back_has_the_same_vectors_and_the_same_order(collection: Workflow) -> None:
    collection.run("clip_retrieval")
    folder = collection.model / "clip_retrieval"
    facts = json.loads((collection.model / "clip_retrieval.json").read_text())
    assert read_record(collection.model / "clip_retrieval.json").facts == facts
    assert facts["blake3"] == {
        str(file.relative_to(folder)): checksum(file) for file in folder.rglob("*.*") if file.name[0] != "."
    }
    assert (facts["files"], facts["dtype"], facts["parts"]) == (COLLECTION_SIZE, "float16", 1)
    assert collection.jobs("clip_retrieval") == {}
    items, table = read_items(collection.model / "items.parquet"), collection.results / "inventory.parquet"
    _, rows = embedded_files(pq.read_table(table), items)
    written = np.load(folder / "img_emb" / "img_emb_0.npy")
    assert np.array_equal(written, read_vectors(collection.model / "vectors.npy")[rows])
    settings = {"name": "again", "model": "precomputed", "embeddings": folder, "copy_mode": "none"}
    collection.run("order", **settings)
    (table,) = collection.folder.glob("results/again/*/order.parquet")
    again = [os.path.basename(path) for path in pq.read_table(table)["path"].to_pylist()]
    assert collection.order() in (again, again[::-1])
    metadata = folder / "metadata" / "metadata_0.parquet"
    listed = [path.decode() for path in paths_in(bytes(metadata))]  # which is a list of files, too
    assert sorted(listed) == sorted(str(path) for path in collection.images.iterdir())
