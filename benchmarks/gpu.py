"""How near embedding comes to what decoders and the GPU can do at the same time; exact neighbours on the GPU.

    python -m benchmarks.gpu [--photos FOLDER] [--seconds 10] [--device cpu --smoke]

It needs Python, torch, torchvision, NumPy, Pillow and PyArrow, and nothing else: where pebble is missing, the
standard library's pool stands in for it. Weights are random, which costs the same time. For each model:

- decoding: images a second from files to pixels, by all cores, with no network beside them;
- forward: images a second of the plain network under autocast, on pixels that lie on the GPU;
- img/s: from files to vectors, over the smaller of the two;
- idle: the share of that time for which the network, as it is used, had nothing to compute.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.measure import print_table
from benchmarks.neighbors import print_neighbors, synchronize
from benchmarks.throughput import (
    decoding_rate,
    embedding_rate,
    photos_below,
    random_model,
    random_network,
    random_views,
    requests_of,
    settled,
)
from scripts.lib.embedding.batches import BatchSize
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.pool import WorkerPool
from scripts.lib.images.decoder_processes import StartProcesses, pebble_processes

MODELS = ("mobilenet_v3_small", "regnet_y_16gf", "vit_b_32")
CORES = os.cpu_count() or 1


class Scale(NamedTuple):
    """How much is measured."""

    models: tuple[str, ...] = MODELS
    seconds: float = 10.0
    images: int = 20_000  # at most
    vectors: int = 1_000_000
    dimension: int = 1024


class PlainProcesses:
    """The standard library's pool under the names of pebble's; it neither ends nor replaces a process."""

    def __init__(self, count: int, begin: Callable[[], None]) -> None:
        self.pool, self.active = ProcessPoolExecutor(count, get_context("forkserver"), begin), True

    def schedule(
        self, function: Callable[..., Any], args: tuple[Any, ...], *, timeout: float | None
    ) -> Future[Any]:
        """Call the function in a process, for as long as it takes."""
        return self.pool.submit(function, *args)

    def stop(self) -> None:
        """Start nothing more."""
        self.pool.shutdown(wait=False, cancel_futures=True)

    def join(self) -> None:
        """Wait until all processes have ended."""
        self.pool.shutdown()


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder of ordinary photos")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each is measured")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--smoke", action="store_true", help="only try whether everything runs")
    options = parser.parse_args()
    scale = Scale(seconds=options.seconds)
    if options.smoke:
        scale = Scale(MODELS[:1], seconds=0.1, images=16, vectors=2000, dimension=16)
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    print(f"{name}, {CORES} cores, torch {torch.__version__}, random weights\n")
    with tempfile.TemporaryDirectory() as folder, WorkerPool(CORES, processes()) as pool:
        photos = photos_below(options.photos, Path(folder))
        rows = [("", "decoding", "forward", "batch", "img/s", "over the smaller, goal 0.9", "idle")]
        rows += [throughput(model, options.device, photos, pool, scale) for model in scale.models]
    print_table(rows)
    print_neighbors(options.device, scale.vectors, scale.dimension, 12 * scale.seconds)


def processes() -> StartProcesses:
    """Return what starts the workers: pebble where it is installed."""
    try:
        import pebble  # noqa: F401
    except ImportError:
        return PlainProcesses
    return pebble_processes


def throughput(name: str, device: str, photos: list[Path], pool: WorkerPool, scale: Scale) -> tuple[str, ...]:
    """Return one model's row of the table."""
    model, size = random_model(name, device, CORES), BatchSize("auto")
    some = requests_of(photos, min(scale.images, 32 * CORES))
    settled(size, lambda: embedding_rate(some, model, pool, size, CORES), min(1.0, scale.seconds))
    forward = forward_rate(name, model, size.views, scale.seconds)
    decoding = decoding_rate(some, model, pool, CORES)
    requests = requests_of(photos, count_for(decoding, scale))
    decoding = decoding_rate(requests, model, pool, CORES)
    requests = requests_of(photos, count_for(min(decoding, forward), scale))
    rate = embedding_rate(requests, model, pool, size, CORES)
    views = random_views(model, size.views)
    own = rate_of(lambda: model.features(views), len(views), scale.seconds)
    figures = (f"{decoding:.0f}", f"{forward:.0f}", f"{size.views}", f"{rate:.0f}")
    return (name, *figures, f"{rate / min(decoding, forward):.2f}", f"{max(0.0, 1 - rate / own):.0%}")


def count_for(rate: float, scale: Scale) -> int:
    """Return how many images take about the seconds of the scale."""
    return int(min(scale.images, max(16, rate * scale.seconds)))


def forward_rate(name: str, model: NetworkModel, batch: int, seconds: float) -> float:
    """Return images a second of the plain network under autocast, with nothing to wait for."""
    network = random_network(name).to(model.device, memory_format=torch.channels_last)
    side = model.card.preprocessing["crop_size"]
    pixels = torch.rand(batch, 3, side, side, device=model.device)
    pixels = pixels.contiguous(memory_format=torch.channels_last)

    def work() -> None:
        with torch.inference_mode(), torch.autocast(model.device.type, torch.float16, enabled=model.on_gpu):
            network(pixels)

    return rate_of(work, batch, seconds)


def rate_of(work: Callable[[], object], images: int, seconds: float) -> float:
    """Return images a second of work that is repeated for so long, after two rounds that are not counted."""
    for _ in range(2):
        work()
    synchronize()
    started, rounds = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        for _ in range(4):  # so that the GPU never waits for the clock
            work()
        synchronize()
        rounds += 4
    return rounds * images / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
