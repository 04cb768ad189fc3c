"""What the benchmarks of embedding share: models with random weights, photos, and rates.

It needs torch, torchvision, NumPy and Pillow, and nothing else that is not in the library's own folder.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.measure import timed
from scripts.lib.embedding.batches import BatchSize
from scripts.lib.embedding.embed import Embedded, embed_images
from scripts.lib.embedding.models.card import ModelCard
from scripts.lib.embedding.models.classifiers import cut_network, preprocessing
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.pool import WorkerPool
from scripts.lib.embedding.workers import Request, WorkerSettings, prepare_all
from scripts.lib.files.content_ids import Hasher, content_id_of
from scripts.lib.pictures.example import make_example

PIXEL_LIMIT = 500_000_000
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
CAMERA = (4000, 3000)  # pixels: 12 million


def random_network(name: str) -> torch.nn.Module:
    """Return a torchvision classifier without its last layer, with weights drawn from a seed."""
    torch.manual_seed(0)
    return cut_network(name)[0]


def random_model(name: str, device: str, threads: int) -> NetworkModel:
    """Return a network as the stage `embed` uses it, with weights drawn from a seed."""
    card = ModelCard(name, dimension=0, dtype="float16", version=0, preprocessing=preprocessing(name))
    return NetworkModel(card, random_network(name), device, threads)


def photos_below(folder: Path | None, scratch: Path) -> list[Path]:
    """Return the photos of a folder, or those of the example collection, which is painted first."""
    if folder is None:
        folder = scratch / "example"
        make_example(folder)
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise SystemExit(f"{folder} holds no photos")
    return found


def camera_photos(photos: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """Write JPEGs of 12 megapixels, enlarged from photos that lie evenly among those given."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = photos[:: max(1, len(photos) // count)][:count]
    made = [folder / f"{i}.jpg" for i in range(len(chosen))]
    for source, target in zip(chosen, made, strict=True):
        with Image.open(source) as image:
            image.convert("RGB").resize(CAMERA, Image.Resampling.BICUBIC).save(target, quality=92)
    return made


def requests_of(paths: Sequence[Path], count: int) -> list[Request]:
    """Return so many requests, over and over the same files."""
    once = [Request(content_id_of(path.read_bytes(), sha256), [os.fsencode(path)]) for path in paths]
    return list(islice(cycle(once), count))


def sha256() -> Hasher:
    """Return what takes a hash as long as a content id, and needs no library."""
    return hashlib.sha256()


def settings_for(model: NetworkModel, workers: int) -> WorkerSettings:
    """Return how workers prepare images for a model."""
    return WorkerSettings(model.prepare(), model.target, PIXEL_LIMIT, workers, 60, hasher=sha256)


def embedding_rate(
    requests: Sequence[Request], model: NetworkModel, pool: WorkerPool, size: BatchSize, workers: int
) -> float:
    """Return images a second from files to vectors, with workers that have started."""
    results = embed_images(requests, model, settings_for(model, workers), size, pool)
    counted, seconds = timed(lambda: sum(len(each.ids) for each in results if isinstance(each, Embedded)))
    if counted != len(requests):
        raise AssertionError(f"{len(requests) - counted} of {len(requests)} images were not embedded")
    return counted / seconds


def decoding_rate(requests: Sequence[Request], model: NetworkModel, pool: WorkerPool, workers: int) -> float:
    """Return images a second from files to pixels, by all workers, with no network beside them."""
    prepared = prepare_all(requests, settings_for(model, workers), pool)
    return len(requests) / timed(lambda: exhaust(prepared))[1]


def exhaust(items: Iterable[object]) -> None:
    """Take items one after the other and keep none."""
    for _ in items:
        pass


def fastest(work: Callable[[], object], times: int) -> float:
    """Return the least seconds that the work took."""
    return min(timed(work)[1] for _ in range(times))


def random_views(model: NetworkModel, count: int) -> np.ndarray:
    """Return pixels of noise for a model: (count, crop, crop, 3) uint8."""
    side = model.card.preprocessing["crop_size"]
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), np.uint8)


def settled(size: BatchSize, work: Callable[[], object], seconds: float = 1.0) -> None:
    """Repeat the work for so many seconds, until all is warm and the batch found."""
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        work()
    size.settle(size.views)
