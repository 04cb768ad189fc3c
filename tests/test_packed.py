"""Pictures by id: of a million as of one, by any number of threads, and none where a part is damaged."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from scripts.lib.embedding.manifest import Failed
from scripts.lib.files.content_ids import ID_DTYPE, id_bytes
from scripts.lib.files.status import OK, UNDECODABLE
from scripts.lib.thumbnails import packed
from scripts.lib.thumbnails.packed import PackedThumbnails, write_packed
from scripts.lib.thumbnails.picture_parts import FOLDER, PictureParts
from scripts.lib.thumbnails.thumbnails import thumbnail_table


def some_ids(count: int) -> np.ndarray:
    """Return ids (n,) S32, ascending, of which some end in zero bytes."""
    random = np.random.default_rng(0).integers(0, 256, (count, 32), dtype=np.uint8)
    random[::3, -2:] = 0
    return np.unique(random.view(ID_DTYPE)[:, 0])


def files_of(ids: np.ndarray) -> np.ndarray:
    """Return a file of another length for each id: (n,) of bytes."""
    random = np.random.default_rng(1)
    return np.array([random.bytes(length) for length in random.integers(0, 3000, len(ids))], object)


def packed_in(
    folder: Path, ids: np.ndarray, files: Sequence[bytes], part_size: int, failed: Sequence[Failed] = ()
) -> Path:
    """Write pictures of contents (n,) S32, ascending, and their table."""
    parts = PictureParts(folder / FOLDER, 64)
    for start in range(0, len(ids), part_size):
        some = slice(start, start + part_size)
        parts.append(ids[some], np.array([*files[some], None], object)[:-1])
    failures = {each.content_id: each for each in failed}
    wanted = np.unique(np.concatenate([ids, np.array(list(failures), ID_DTYPE)]))
    target = folder / "thumbnails.parquet"
    write_packed(thumbnail_table(wanted, parts.places(), failures, parts), target)
    return target


@pytest.mark.parametrize("open_parts", [2, 256])
def test_every_picture_is_found_by_its_id(
    tmp_path: Path, open_parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "OPEN_PARTS", open_parts)
    monkeypatch.setattr(packed, "ROWS", 64)
    ids = some_ids(200)
    files = files_of(ids)
    failed = Failed(b"\x80" * 32, UNDECODABLE, "half of it is missing")
    table = packed_in(tmp_path, ids, files.tolist(), 30, [failed])
    assert pq.read_table(table)["status"].to_pylist().count(OK) == 200
    pictures = PackedThumbnails.open(table)
    assert len(pictures) == 200
    assert [pictures.get(content) for content in id_bytes(ids)] == files.tolist()
    for unknown in (failed.content_id, b"\xff" * 32, b"\0" * 32, b"", b"short", b"x" * 33):
        assert pictures.get(unknown) is None
    wanted = [content for _ in range(20) for content in id_bytes(ids)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(pictures.get, wanted)) == 20 * files.tolist()


def test_a_collection_without_pictures_has_none(tmp_path: Path) -> None:
    pictures = PackedThumbnails.open(packed_in(tmp_path, some_ids(0), [], 4))
    assert len(pictures) == 0
    assert pictures.get(b"x" * 32) is None


def test_parts_that_are_gone_truncated_or_altered_give_no_picture(tmp_path: Path) -> None:
    ids = some_ids(40)
    files = files_of(ids)
    table = packed_in(tmp_path, ids, files.tolist(), 10)
    names = pq.read_table(table)["part"].to_pylist()
    gone, truncated, altered, whole = sorted(set(names))
    (tmp_path / FOLDER / gone).unlink()
    os.truncate(tmp_path / FOLDER / truncated, 100)
    content = (tmp_path / FOLDER / altered).read_bytes()
    (tmp_path / FOLDER / altered).write_bytes(b"\xee" * len(content))
    pictures = PackedThumbnails.open(table)
    expected = [file if name == whole else None for name, file in zip(names, files, strict=True)]
    assert [pictures.get(content) for content in id_bytes(ids)] == expected


def test_a_part_that_is_cut_short_while_it_is_open_ends_nothing(tmp_path: Path) -> None:
    ids = some_ids(10)
    files = files_of(ids)
    table = packed_in(tmp_path, ids, files.tolist(), 10)
    pictures = PackedThumbnails.open(table)
    contents = id_bytes(ids)
    assert pictures.get(contents[0]) == files[0]
    (part,) = (tmp_path / FOLDER).glob("*/*.arrow")
    os.truncate(part, 100)
    assert {pictures.get(content) for content in contents} == {None}


def test_pictures_of_an_opened_part_outlive_its_file(tmp_path: Path) -> None:
    ids = some_ids(10)
    files = files_of(ids)
    pictures = PackedThumbnails.open(packed_in(tmp_path, ids, files.tolist(), 10))
    assert pictures.get(id_bytes(ids)[3]) == files[3]
    (part,) = (tmp_path / FOLDER).glob("*/*.arrow")
    part.unlink()
    assert [pictures.get(content) for content in id_bytes(ids)] == files.tolist()
