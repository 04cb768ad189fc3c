"""How near embedding comes to decoding and forward pass perfectly overlapped, on the CPU.

    python -m benchmarks.embedding [--photos FOLDER] [--runs 5]

Without a folder the photos are the example collection; those of 12 megapixels are enlarged from them. The
weights are random, which costs the same time. Three figures:

- images a second from files to vectors over the bound: cores / (seconds of decoding + seconds of forward
  pass, each of one image on one core, alone, measured in the same run); and over the same bound from the
  rates of all cores together at decoding and at forward passes, which tells the pipeline's part of the loss;
- the same over a plain loop: one image at a time, decoded whole, torchvision's preprocessing, a batch of
  one on all cores;
- seconds from the start of a job to its first vector, without the loading of the model.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image

from benchmarks.measure import print_table, spread, timed, times
from benchmarks.throughput import (
    camera_photos,
    decoding_rate,
    embedding_rate,
    exhaust,
    photos_below,
    random_model,
    random_network,
    random_views,
    requests_of,
    settings_for,
    settled,
)
from scripts.lib.embedding.batches import BatchSize
from scripts.lib.embedding.embed import embed_prepared
from scripts.lib.embedding.models.classifiers import preferred_weights
from scripts.lib.embedding.models.network import NetworkModel
from scripts.lib.embedding.pool import WorkerPool
from scripts.lib.embedding.workers import Request, prepare_all, prepare_one

CORES = os.cpu_count() or 1
CAMERA_PHOTOS = 16
START_UP = Path(__file__).with_name("start_up.py")


class Case(NamedTuple):
    """A model, how many images of each kind it is given, and how often that is measured."""

    model: str
    photos: int
    camera_photos: int
    runs: int


class Round(NamedTuple):
    """One round: seconds of an image on one core, and images a second of all cores; each alone, then both."""

    decode: float
    forward: float
    all_decode: float
    all_forward: float
    rate: float

    @property
    def bound(self) -> float:
        """Return the images a second that all cores could reach, each as fast as one alone."""
        return CORES / (self.decode + self.forward)

    @property
    def shared_bound(self) -> float:
        """Return the images a second that all cores could reach, as fast as they are together."""
        return 1 / (1 / self.all_decode + 1 / self.all_forward)


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder of ordinary photos")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{CORES} cores, load {load:.1f} before, torch {torch.__version__}, random weights\n")
    cases = (
        Case("mobilenet_v3_small", 800, 240, options.runs),
        Case("regnet_y_16gf", 16, 16, max(1, options.runs // 2)),
    )
    with tempfile.TemporaryDirectory() as folder, WorkerPool(CORES) as pool:
        ordinary = photos_below(options.photos, Path(folder))
        camera = camera_photos(ordinary, Path(folder, "camera"), CAMERA_PHOTOS)
        kinds = {"ordinary photos": ordinary, "12 megapixels": camera}
        for case in cases:
            print_bounds(case, kinds, pool)
        print_plain_loop(cases[0], kinds, pool)
        print_start_up(ordinary[0], Path(folder), options.runs)


def print_bounds(case: Case, kinds: dict[str, list[Path]], pool: WorkerPool) -> None:
    """Print the rate of a model over its bound, for each kind of photos."""
    model = random_model(case.model, "cpu", CORES)
    rows = [
        ("", "decode ms", "forward ms", "batch", "img/s", "over the bound, goal 0.9", "with all cores busy")
    ]
    for (kind, paths), count in zip(kinds.items(), (case.photos, case.camera_photos), strict=True):
        size, requests = BatchSize("auto"), requests_of(paths, count)
        settled(size, lambda r=requests, s=size: embedding_rate(r[:8], model, pool, s, CORES))
        rounds = [measured(requests, model, pool, size) for _ in range(case.runs)]
        rows.append(
            (
                kind,
                spread((1e3 * each.decode for each in rounds), ".1f"),
                spread((1e3 * each.forward for each in rounds), ".1f"),
                str(size.views),
                spread(each.rate for each in rounds),
                spread((each.rate / each.bound for each in rounds), ".2f"),
                spread((each.rate / each.shared_bound for each in rounds), ".2f"),
            )
        )
    print(f"{case.model}, {times(case.runs)}; decode and forward pass of one image, each alone on one core")
    print_table(rows)


def measured(requests: Sequence[Request], model: NetworkModel, pool: WorkerPool, size: BatchSize) -> Round:
    """Measure decoding and the forward pass before and after both overlapped, because machines vary."""
    before = factors(requests, model, size)
    all_decode = decoding_rate(requests, model, pool, CORES)
    rate = embedding_rate(requests, model, pool, size, CORES)
    prepared = list(prepare_all(requests[:64], settings_for(model, CORES), pool))
    many = list(islice(cycle(prepared), len(requests)))
    all_forward = len(many) / timed(lambda: exhaust(embed_prepared(many, model, size)))[1]
    after = factors(requests, model, size)
    decode, forward = ((a + b) / 2 for a, b in zip(before, after, strict=True))
    return Round(decode, forward, all_decode, all_forward, rate)


def factors(requests: Sequence[Request], model: NetworkModel, size: BatchSize) -> tuple[float, float]:
    """Return the seconds of decoding an image and of its forward pass, each alone on one core."""
    workers, some = settings_for(model, CORES), requests[: max(4, len(requests) // 8)]
    decode = timed(lambda: [prepare_one(each, workers) for each in some])[1] / len(some)
    views = random_views(model, size.views)
    repeats = max(1, len(some) // (2 * size.views))
    forward = timed(lambda: [model.features(views) for _ in range(repeats)])[1] / (repeats * len(views))
    return decode, forward


def print_plain_loop(case: Case, kinds: dict[str, list[Path]], pool: WorkerPool) -> None:
    """Print the rate of a model over that of a plain loop, for each kind of photos."""
    model, loop = random_model(case.model, "cpu", CORES), plain_loop(case.model)
    rows = [("", "plain loop img/s", "img/s", "over the plain loop, goal 3")]
    for (kind, paths), count in zip(kinds.items(), (case.photos, case.camera_photos), strict=True):
        size, requests = BatchSize("auto"), requests_of(paths, count)
        settled(size, lambda r=requests, s=size: embedding_rate(r[:8], model, pool, s, CORES))
        files = [Path(os.fsdecode(each.paths[0])) for each in requests[: count // 8]]
        plain, ours = [], []
        for _ in range(case.runs):
            plain.append(len(files) / timed(lambda f=files: [loop(file) for file in f])[1])
            ours.append(embedding_rate(requests, model, pool, size, CORES))
        gains = (our / other for our, other in zip(ours, plain, strict=True))
        rows.append((kind, spread(plain), spread(ours), spread(gains)))
    print(f"{case.model} against a plain loop, one image at a time, {times(case.runs)}")
    print_table(rows)


def plain_loop(name: str) -> Callable[[Path], torch.Tensor]:
    """Return what embeds one file in the classical way."""
    network, preprocess = random_network(name), preferred_weights(name).transforms()

    def embed(file: Path) -> torch.Tensor:
        torch.set_num_threads(CORES)
        with torch.inference_mode(), Image.open(file) as image:
            features = network(preprocess(image.convert("RGB"))[None])
        torch.set_num_threads(1)
        return features

    return embed


def print_start_up(photo: Path, folder: Path, runs: int) -> None:
    """Print the seconds from the start of a job to its first vector."""
    from scripts.lib.embedding.models.torchvision_import import import_torchvision

    weights = folder / "weights.pth"
    torch.manual_seed(0)
    network = import_torchvision().models.get_model("mobilenet_v3_small", weights=None)
    torch.save(network.state_dict(), weights)
    seconds = [start_up(weights, photo) for _ in range(runs)]
    print(f"start-up of an embed job to its first vector, {times(runs)}")
    print_table(
        [
            ("seconds, model load excluded, goal 4", spread(each[0] for each in seconds)),
            ("seconds of loading the model", spread(each[1] for each in seconds)),
        ]
    )


def start_up(weights: Path, photo: Path) -> tuple[float, float]:
    """Return the seconds of one start, without loading and of loading."""
    command = [sys.executable, str(START_UP), str(weights), str(photo), repr(time.time())]
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(words[0]), float(words[1])


if __name__ == "__main__":
    main()
