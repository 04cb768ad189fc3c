"""Everything that is measured, one after the other: what `make bench` prints.

    python -m benchmarks [--labelled FOLDER [--weights FILE]] [--photos FOLDER] [--lkh-limit 5000]

Without folders of one's own the photos are the example collection, the quality of the descriptor, which
needs labels, is left out, and the ordering is measured on made vectors alone. With labelled images it is
measured on their descriptors, too, and with weights on the features of that network. `benchmarks.gpu`, for a
machine that has one, is run by itself.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.lib.pictures.example import make_example


def main() -> None:
    """Run every benchmark in a process of its own."""
    options = parse_options()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        photos = options.photos or Path(folder, "example")
        if not options.photos:
            make_example(photos)
        labelled = ("--labelled", str(options.labelled)) if options.labelled else ()
        run("descriptor", "--photos", str(photos), *labelled)
        run("likeness", "--photos", str(photos))
        run("embedding", "--photos", str(photos))
        run("workflow")
        run("store")
        run("thumbnails", "--photos", str(photos))
        run("search")
        run("dashboard")
        run("copying")
        files = make_vectors(options, Path(folder)) if options.labelled else []
        limit = ("--lkh-limit", options.lkh_limit) if options.lkh_limit else ()
        weights = ("--weights", str(options.weights), "--model", options.model) if options.weights else ()
        run("clusters", *labelled, *weights)
        run("projection", *labelled, *weights)
        run("duplicates", "--photos", str(photos), *labelled)
        run("ordering", *limit, *(word for file in files for word in ("--vectors", str(file))))


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--labelled", type=Path, help="folder with one folder of images a class")
    parser.add_argument("--photos", type=Path, help="folder of ordinary photos")
    parser.add_argument("--weights", type=Path, help="a checkpoint of the model, for the labelled images")
    parser.add_argument("--model", default="mobilenet_v3_small", help="whose checkpoint it is")
    parser.add_argument("--lkh-limit", help="the most vectors that LKH is given, which takes minutes")
    options = parser.parse_args()
    if options.weights and not options.labelled:
        parser.error("--weights is for the images of --labelled; name them, too")
    return options


def make_vectors(options: argparse.Namespace, folder: Path) -> list[Path]:
    """Embed the labelled images by the descriptor, and by the network where its weights are given."""
    models: dict[str, tuple[str, ...]] = {"descriptor": ()}
    if options.weights:
        models[options.model] = ("--weights", str(options.weights))
    files = [folder / f"{model}.npy" for model in models]
    for (model, weights), file in zip(models.items(), files, strict=True):
        wanted = ("--images", str(options.labelled), "--model", model, "--output", str(file))
        run("features", *wanted, *weights)
    return files


def run(name: str, *arguments: str) -> None:
    """Run one benchmark and let it print."""
    print(f"\n{name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=True)


if __name__ == "__main__":
    main()
