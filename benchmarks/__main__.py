"""Everything that is measured, one after the other: what `make bench` prints.

    python -m benchmarks [--labelled FOLDER] [--photos FOLDER]

Without folders of one's own the photos are the example collection, and the quality of the descriptor,
which needs labels, is left out.
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labelled", type=Path, help="folder with one folder of images a class")
    parser.add_argument("--photos", type=Path, help="folder of ordinary photos")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        photos = options.photos or Path(folder, "example")
        if not options.photos:
            make_example(photos)
        labelled = ("--labelled", str(options.labelled)) if options.labelled else ()
        run("descriptor", "--photos", str(photos), *labelled)
        run("likeness", "--photos", str(photos))
    run("workflow")
    run("ordering")


def run(name: str, *arguments: str) -> None:
    """Run one benchmark and let it print."""
    print(f"\n{name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=True)


if __name__ == "__main__":
    main()
