"""A store serves several collections, working folders and processes at once."""

from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding.embed import Embedded, PartSettings, store_all
from scripts.lib.embedding.parts import is_intact
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.upkeep.users import users
from scripts.lib.files.content_ids import ID_DTYPE
from tests.conftest import Workflow, write_pictures

COUNT, PART = 240, 8


def made(first: int) -> Embedded:
    """Return vectors that say which content they belong to."""
    numbers = np.arange(first, first + COUNT)
    ids = np.array([b"%032d" % number for number in numbers], ID_DTYPE)
    return Embedded(ids, np.repeat(numbers, 3).reshape(-1, 3).astype(np.float32))


def write(folder: Path, first: int) -> None:
    """Embed contents, one by one, as a process of its own."""
    ids, vectors = made(first)
    store = Store(folder, "abc", 3, "float16")
    results = (Embedded(ids[i : i + 1], vectors[i : i + 1]) for i in range(COUNT))
    places, _ = store_all(results, store, PartSettings(PART, 1e9), lambda count: None)
    assert len(store.places().without(places.ids)) == 0


@pytest.mark.parametrize("firsts", [(0, 0), (0, COUNT), (0, COUNT // 2)], ids=["same", "other", "some"])
def test_two_processes_that_write_at_once_lose_nothing(tmp_path: Path, firsts: tuple[int, int]) -> None:
    context = get_context("spawn")
    writers = [context.Process(target=write, args=(tmp_path, first)) for first in firsts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    store = Store(tmp_path, "abc", 3, "float16")
    assert all(is_intact(part) for part in store.parts())
    assert not list(store.folder.glob(".*"))
    found = {}
    for part in store.parts():
        ids, vectors = store.read(part.name)
        found |= dict(zip(ids.tolist(), vectors[:, 0].tolist(), strict=True))
    expected = {number for first in firsts for number in range(first, first + COUNT)}
    assert found == {b"%032d" % number: number for number in expected}


def test_collections_share_what_they_have_in_common(collection: Workflow, tmp_path: Path) -> None:
    other = Workflow(tmp_path / "other")
    write_pictures(other.images, 10)
    write_pictures(other.images, 3, first=50)
    other.run("embeddings", store=collection.folder / "results" / "store")
    assert "13 contents, 10 of them in the store" in other.log_of("embed").read_text()
    assert collection.embedded() == 23
    assert {user.results for user in users(collection.folder / "results" / "store")} == {
        collection.folder / "results",
        other.folder / "results",
    }
    collection.run("embeddings", name="second", images=other.images)
    log = collection.folder / "results" / "second" / "descriptor" / "logs" / "embed" / "0.log"
    assert "13 contents, 13 of them in the store" in log.read_text()
    assert collection.embedded() == 23
