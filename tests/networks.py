"""What the tests of all kinds of networks share: the way from an image to its vector that the stages take."""

from pathlib import Path

import numpy as np
from PIL import Image

from scripts.lib.embedding.batches import BatchSize
from scripts.lib.embedding.embed import Embedded, embed_images
from scripts.lib.embedding.models.protocol import Model
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.embedding.workers import WorkerSettings
from tests.test_workers import requests


def opened(name: str, file: Path | None = None) -> Model:
    """Return a model by its card."""
    return open_model(describe(name, str(file) if file else None), "cpu", threads=1)


def features(name: str, image: Image.Image, file: Path | None = None) -> np.ndarray:
    """Return the vector of an image: (d,) float32."""
    model = opened(name, file)
    return model.features(np.concatenate([model.prepare()(image)]))[0]


def embedded(model: Model, paths: list[Path], batch_size: int) -> np.ndarray:
    """Return the vectors of image files, prepared by workers, in the order of the files: (n, d) float32."""
    workers = WorkerSettings(model.prepare(), model.target, 10**7, workers=2, timeout=30)
    results = list(embed_images(requests(paths), model, workers, BatchSize(batch_size)))
    assert all(isinstance(each, Embedded) for each in results)
    return np.concatenate([each.vectors for each in results])
