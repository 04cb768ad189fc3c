"""Embedding fills the store part by part, and the manifest says where everything is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding.embed import Embedded, PartSettings, embed_images, means, store_all
from scripts.lib.embedding.manifest import Failed
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.embedding.places import joined
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.workers import Prepared, WorkerSettings
from scripts.lib.files.content_ids import id_bytes
from scripts.lib.files.status import OK, UNDECODABLE
from tests.conftest import write_pictures
from tests.test_places import as_dict, identified
from tests.test_workers import requests

NEVER = 1e9  # seconds


def batches(count: int, size: int = 1) -> Iterator[Embedded]:
    """Yield vectors 1 to `count`, so many at a time."""
    for first in range(1, count + 1, size):
        numbers = range(first, min(first + size, count + 1))
        yield Embedded(identified(*numbers), np.array([[i, i] for i in numbers], np.float32))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", "abc", 2, "float16")


@pytest.mark.parametrize("size", [1, 3, 8, 11, 20])
def test_parts_are_closed_at_their_size_whatever_the_batches(store: Store, size: int) -> None:
    counted: list[int] = []
    places, _ = store_all(batches(20, size), store, PartSettings(8, NEVER), counted.append)
    assert sum(counted) == 20
    assert sorted(len(store.read(part.name)[0]) for part in store.parts()) == [4, 8, 8]
    assert id_bytes(places.ids) == id_bytes(identified(*range(1, 21)))
    for content, (part, row) in as_dict(places).items():
        ids, rows = store.read(part)
        assert id_bytes(ids)[row] == content
        assert rows[row].tolist() == [content[0]] * 2


def test_parts_are_closed_after_their_time(store: Store) -> None:
    store_all(batches(3), store, PartSettings(1000, 1e-9), lambda count: None)
    assert len(store.parts()) == 3


def test_what_was_closed_survives_an_interruption(store: Store) -> None:
    def interrupted() -> Iterator[Embedded]:
        yield from batches(19)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_all(interrupted(), store, PartSettings(8, NEVER), lambda count: None)
    present = store.places()
    assert len(present) == 16
    assert id_bytes(present.without(identified(*range(1, 21)))) == id_bytes(identified(17, 18, 19, 20))


def test_failures_are_returned_beside_the_places(store: Store) -> None:
    bad = Failed(b"?" * 32, UNDECODABLE, "truncated")
    places, failures = store_all([*batches(2), bad], store, PartSettings(8, NEVER), lambda count: None)
    assert len(places) == 2
    assert failures == {bad.content_id: bad}


def test_nothing_makes_no_part(store: Store) -> None:
    places, failures = store_all([], store, PartSettings(8, NEVER), lambda count: None)
    assert (len(places), failures, store.parts()) == (0, {}, [])


def test_vectors_that_were_embedded_again_take_the_place_of_the_former(store: Store) -> None:
    former, _ = store_all(batches(4), store, PartSettings(4, NEVER), lambda count: None)
    later, _ = store_all(batches(3), store, PartSettings(4, NEVER), lambda count: None)
    assert as_dict(joined([former, later])) == as_dict(former) | as_dict(later)


def test_vectors_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    model = open_model(describe("descriptor", None), "cpu", 1)
    wanted = requests(write_pictures(tmp_path, 10))
    workers = WorkerSettings(model.prepare(), model.target, 10**6, 2, 30)
    one, ten = (list(embed_images(wanted, model, workers, batch)) for batch in (1, 10))
    assert (len(one), len(ten)) == (10, 1)
    np.testing.assert_array_equal(np.concatenate([each.vectors for each in one]), ten[0].vectors)
    assert id_bytes(ten[0].ids) == [request.content_id for request in wanted]


def test_values_that_are_not_finite_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        card: ModelCard = describe("descriptor", None)
        target, lanes, on_gpu = 8, 1, False

        def features(self, views: np.ndarray) -> np.ndarray:
            return np.array([[1.0], [np.nan]], np.float32)

    ids = id_bytes(identified(1, 2, 3))
    prepared = [Prepared(content, np.zeros((1, 1)), OK, None) for content in ids[:2]]
    prepared.append(Prepared(ids[2], None, UNDECODABLE, "truncated"))
    monkeypatch.setattr("scripts.lib.embedding.embed.prepare_all", lambda *_: iter(prepared))
    results = list(embed_images([], Broken(), None, 3))
    (good,) = (each for each in results if isinstance(each, Embedded))
    assert id_bytes(good.ids) == ids[:1]
    failed = {each.content_id: each.error for each in results if isinstance(each, Failed)}
    assert failed == {ids[1]: "the model returned values that are not finite", ids[2]: "truncated"}


def test_the_vector_of_several_views_is_their_mean() -> None:
    features = np.array([[1, 0], [4, 4], [0, 2], [2, 0], [1, 1]], np.float32)
    assert means(features, [1, 3, 1], False).tolist() == [[1, 0], [2, 2], [1, 1]]
    directions = means(features, [1, 3, 1], True)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(directions[1], directions[2])
