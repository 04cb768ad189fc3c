"""How long an embed job takes to its first vector, the loading of the model left out.

    python benchmarks/start_up.py WEIGHTS PHOTO STARTED

It is started as a file, as the engine starts a stage, and imports what the stage imports. STARTED is the time
at which it was started (`time.time()`). It prints the seconds, and those of the loading.
"""

import os
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from scripts.embed import BatchSize, Request, WorkerPool, WorkerSettings, embed_images
from scripts.lib.files.content_ids import content_id_of

NAME = "mobilenet_v3_small"


def main() -> None:
    """Embed one photo as the stage does."""
    weights, photo, started = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    with WorkerPool(os.cpu_count() or 1) as pool:
        from scripts.lib.embedding.models import classifiers
        from scripts.lib.embedding.models.card import ModelCard
        from scripts.lib.embedding.models.network import NetworkModel

        card = ModelCard(NAME, 0, "float16", 0, preprocessing=classifiers.preprocessing(NAME))
        before = time.time()
        network = classifiers.load_features(NAME, weights)
        loading = time.time() - before
        model = NetworkModel(card, network, "cpu", os.cpu_count() or 1)
        workers = WorkerSettings(model.prepare(), model.target, 10**9, os.cpu_count() or 1, 60)
        request = Request(content_id_of(photo.read_bytes()), [os.fsencode(photo)])
        next(embed_images([request], model, workers, BatchSize("auto"), pool))
        print(time.time() - started - loading, loading)


if __name__ == "__main__":
    main()
