"""What the dashboard's server takes and how fast it answers, of made results.

    python -m benchmarks.dashboard [--images 100000 1000000]

The real server runs in a process of its own, and is asked over HTTP as a browser does. Seconds until it can
be opened, until the first page has been made (which loads all tables), then of pictures; and the most memory
that it held.
"""

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.made_results import make_results
from benchmarks.measure import print_table, spread, timed

ROOT = Path(__file__).resolve().parent.parent
DIMENSION, REQUESTS, PORT = 256, 2000, 8931


class Server:
    """The dashboard of a folder of results, served on loopback."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process, self.port = process, port
        self.connection = http.client.HTTPConnection("127.0.0.1", port)

    def get(self, path: str) -> bytes:
        """Return what the server answers."""
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return content

    def memory(self) -> float:
        """Return the most memory that the process has held, in GB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(dict(line.split(":", 1) for line in lines)["VmHWM"].split()[0]) * 1024 / 1e9


@contextmanager
def serving(results: Path, port: int = PORT) -> Iterator[Server]:
    """Run the server until the block ends; its address can be opened when the block begins."""
    command = [sys.executable, "-m", "scripts.dashboard", "--results", str(results), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError("the server did not start")
            yield Server(process, port)
        finally:
            process.terminate()


def main() -> None:
    """Print what the server takes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, nargs="+", default=[100_000])
    options = parser.parse_args()
    rows = [("images", "start, s", "first page, s", "MB", "second page, s", "thumbnail, ms", "memory, GB")]
    for images in options.images:
        with tempfile.TemporaryDirectory() as folder:
            make_results(Path(folder), images, DIMENSION)
            rows.append((f"{images:,}", *measured(Path(folder, "results"), images)))
    print_table(rows)


def measured(results: Path, images: int) -> tuple[str, ...]:
    """Return the figures of one size, in words."""
    begin = time.perf_counter()
    with serving(results) as server:
        start = time.perf_counter() - begin
        layout, first = timed(lambda: server.get("/_dash-layout"))
        _, second = timed(lambda: server.get("/_dash-layout"))
        generation = layout.split(b'"id":"generation","data":"')[1][:16].decode()
        places = np.random.default_rng(0).integers(0, images, REQUESTS).tolist()
        paths = [f"/thumbnail/{generation}/{place}" for place in places]
        seconds = [timed(lambda path=path: server.get(path))[1] for path in paths]  # type: ignore[misc]
        size, memory = len(layout) / 1e6, server.memory()
    milliseconds = spread([1000 * each for each in seconds], ".2g")
    return f"{start:.1f}", f"{first:.1f}", f"{size:.1f}", f"{second:.1f}", milliseconds, f"{memory:.2f}"


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores")
    main()
