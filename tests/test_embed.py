"""Embedding fills the store part by part, and the manifest says where everything is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scripts.lib.embedding.embed import (
    MANIFEST,
    Embedded,
    PartSettings,
    divide,
    embed_images,
    manifest_table,
    store_all,
)
from scripts.lib.embedding.models import DescriptorModel, ModelCard, crop_pixels
from scripts.lib.embedding.store import Store
from scripts.lib.embedding.weights import describe_descriptor
from scripts.lib.embedding.workers import Prepared, WorkerSettings
from scripts.lib.files.status import OK, UNDECODABLE
from tests.conftest import picture, write_pictures
from tests.test_workers import requests

NEVER = 1e9  # seconds


def identified(i: int) -> bytes:
    return bytes([i]) * 32


def vectors(count: int) -> Iterator[Embedded]:
    for i in range(1, count + 1):
        yield Embedded(identified(i), np.full(2, i, np.float32), OK, None)


def test_parts_are_closed_at_their_size(tmp_path: Path) -> None:
    store = Store(tmp_path, "abc", 2, "float16")
    outcomes = store_all(vectors(20), store, PartSettings(8, NEVER), lambda count: None)
    assert sorted(len(store.read(part.name)[0]) for part in store.parts()) == [4, 8, 8]
    for content, outcome in outcomes.items():
        ids, rows = store.read(str(outcome.part))
        assert ids[outcome.row].ljust(32, b"\0") == content
        assert rows[outcome.row][0] == content[0]


def test_parts_are_closed_after_their_time(tmp_path: Path) -> None:
    store = Store(tmp_path, "abc", 2, "float16")
    store_all(vectors(3), store, PartSettings(1000, 1e-9), lambda count: None)
    assert len(store.parts()) == 3


def test_what_was_closed_survives_an_interruption(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Embedded]:
        yield from vectors(19)
        raise KeyboardInterrupt

    store = Store(tmp_path, "abc", 2, "float16")
    with pytest.raises(KeyboardInterrupt):
        store_all(interrupted(), store, PartSettings(8, NEVER), lambda count: None)
    present, missing = divide([identified(i) for i in range(1, 21)], store.places())
    assert (len(present), len(missing)) == (16, 4)


def test_failures_are_rows_of_the_manifest(tmp_path: Path) -> None:
    store = Store(tmp_path, "abc", 2, "float16")
    bad = Embedded(identified(9), None, UNDECODABLE, "truncated")
    outcomes = store_all([*vectors(2), bad], store, PartSettings(8, NEVER), lambda count: None)
    ids = [identified(i) for i in (1, 2, 9)]
    table = manifest_table(ids, outcomes)
    assert table.schema == MANIFEST
    assert table["content_id"].to_pylist() == ids
    assert table["status"].to_pylist() == [OK, OK, UNDECODABLE]
    assert table["error"].to_pylist() == [None, None, "truncated"]
    assert table["row"].to_pylist() == [0, 1, None]


def test_an_empty_manifest_has_the_same_columns() -> None:
    assert manifest_table([], {}).schema == MANIFEST


def test_vectors_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    model = DescriptorModel(describe_descriptor())
    wanted = requests(write_pictures(tmp_path, 10))
    workers = WorkerSettings(model.prepare(), model.target, 10**6, 2, 30)
    one, ten = (list(embed_images(wanted, model, workers, batch)) for batch in (1, 10))
    for left, right in zip(one, ten, strict=True):
        np.testing.assert_array_equal(left.vector, right.vector)


def test_values_that_are_not_finite_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        card: ModelCard = describe_descriptor()
        target = 8

        def features(self, batch: np.ndarray) -> np.ndarray:
            return np.array([[1.0], [np.nan]], np.float32)

    prepared = [Prepared(identified(i), np.zeros(1), OK, None) for i in (1, 2)]
    monkeypatch.setattr("scripts.lib.embedding.embed.prepare_all", lambda *_: iter(prepared))
    good, bad = embed_images([], Broken(), None, 2)
    assert good.status == OK
    assert (bad.status, bad.vector) == (UNDECODABLE, None)
    assert "not finite" in str(bad.error)


def test_pixels_are_cropped_to_the_size_that_the_weights_ask_for() -> None:
    from PIL import Image

    pixels = crop_pixels(picture(0, (90, 60)), 40, 32, Image.Resampling.BILINEAR)
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
