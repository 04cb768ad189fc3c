"""The same image has the same vector, however the work is divided, but for rounding."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from scripts.lib.embedding.batches import BatchSize
from scripts.lib.embedding.embed import Embedded, embed_images
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.embedding.models.torchvision_import import import_torchvision
from scripts.lib.embedding.workers import Request, WorkerSettings
from scripts.lib.files.content_ids import id_bytes, partition_of
from tests.conftest import picture
from tests.test_workers import requests

SMALL = "mobilenet_v3_small"
SIZES = [(48, 32), (300, 100), (64, 64), (90, 400), (33, 45), (500, 333), (20, 130)]


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> list[Request]:
    """Return requests for images of many shapes."""
    folder = tmp_path_factory.mktemp("images")
    for seed, size in enumerate(2 * SIZES):
        picture(seed, size).save(folder / f"{seed}.png")
    return requests(sorted(folder.iterdir()))


@pytest.fixture(scope="module", params=[False, True], ids=["one view", "multicrop"])
def card(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """Return the card of a small network with seeded weights."""
    torch.manual_seed(0)
    weights = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.save(import_torchvision().models.get_model(SMALL, weights=None).state_dict(), weights)
    card = describe(SMALL, str(weights))
    return replace(card, preprocessing=card.preprocessing | {"multicrop": request.param})


def vectors(
    wanted: list[Request], card: ModelCard, batch: int | str, workers: int, threads: int
) -> Mapping[bytes, np.ndarray]:
    model = open_model(card, "cpu", threads)
    settings = WorkerSettings(model.prepare(), model.target, 10**7, workers, 60)
    found: dict[bytes, np.ndarray] = {}
    for each in embed_images(wanted, model, settings, BatchSize(batch)):
        assert isinstance(each, Embedded)
        found |= zip(id_bytes(each.ids), each.vectors, strict=True)
    return found


def assert_same(found: Mapping[bytes, np.ndarray], expected: Mapping[bytes, np.ndarray]) -> None:
    assert list(found) == list(expected), "in the order of the requests"
    for content, vector in expected.items():
        np.testing.assert_allclose(found[content], vector, rtol=0, atol=1e-5 * np.abs(vector).max())


def test_vectors_do_not_depend_on_batches_workers_threads_and_partitions(
    wanted: list[Request], card: ModelCard
) -> None:
    alone = vectors(wanted, card, batch=1, workers=1, threads=1)
    assert len(alone) == len(wanted)
    for batch, workers, threads in ((5, 2, 1), (64, 1, 2), ("auto", 2, 3)):
        assert_same(vectors(wanted, card, batch, workers, threads), alone)
    for partition in range(3):
        own = [each for each in wanted if partition_of(each.content_id, 3) == partition]
        expected = {each.content_id: alone[each.content_id] for each in own}
        assert_same(vectors(own, card, batch=4, workers=2, threads=2), expected)
