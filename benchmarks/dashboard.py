"""What the dashboard's server takes and how fast it answers, of made results.

    python -m benchmarks.dashboard [--images 100000 1000000]

The real server runs in a process of its own, and is asked over HTTP as a browser does. Seconds until it can
be opened, until the first page has been made (which loads all tables), then of pictures, of the details of an
image and of a search for its like, the first and later ones; and the most memory that it held.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.made_results import make_results
from benchmarks.measure import print_table, spread, timed

ROOT = Path(__file__).resolve().parent.parent
DIMENSION, REQUESTS, CALLS, PORT = 256, 2000, 20, 8931
HEADING = (
    "images",
    "start, s",
    "first page, s",
    "MB",
    "second page, s",
    "thumbnail, ms",
    "details, s",
    "later, ms",
    "search, s",
    "later, ms",
    "memory, GB",
)


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

    def call(self, output: str, values: Mapping[str, Any]) -> bytes:
        """Return what a callback answers, found by the beginning of its outputs.

        values : of its inputs and states, by their ids; None for others
        """
        known = json.loads(self.get("/_dash-dependencies"))
        callback = next(each for each in known if each["output"].strip(".").startswith(output))
        inputs, states = (_given(callback[kind], values) for kind in ("inputs", "state"))
        first = callback["inputs"][0]
        names = [each.rpartition(".") for each in callback["output"].strip(".").split("...")]
        outputs = [{"id": name, "property": end.partition("@")[0]} for name, _, end in names]
        body = {
            "output": callback["output"],
            "outputs": outputs if callback["output"].startswith("..") else outputs[0],
            "inputs": inputs,
            "changedPropIds": [f"{first['id']}.{first['property']}"],
            "state": states,
        }
        self.connection.request(
            "POST", "/_dash-update-component", json.dumps(body), {"Content-Type": "application/json"}
        )
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{output}: {answer.status}")
        return content

    def memory(self) -> float:
        """Return the most memory that the process has held, in GB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(dict(line.split(":", 1) for line in lines)["VmHWM"].split()[0]) * 1024 / 1e9


def _given(parts: list[dict[str, str]], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the inputs or states of a callback with their values."""
    return [part | {"value": values.get(part["id"])} for part in parts]


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
    rows = [HEADING]
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
        pictures = milliseconds(lambda place: server.get(f"/thumbnail/{generation}/{place}"), places)
        details, more = first_and_later(server, "details-content.children", "picked", generation, places)
        search, again = first_and_later(server, "search-hits.children", "search-place", generation, places)
        size, memory = len(layout) / 1e6, server.memory()
    page = (f"{start:.1f}", f"{first:.1f}", f"{size:.1f}", f"{second:.1f}", pictures)
    return *page, details, more, search, again, f"{memory:.2f}"


def first_and_later(
    server: Server, output: str, field: str, generation: str, places: Sequence[int]
) -> tuple[str, str]:
    """Return the seconds of the first call of a callback, and the milliseconds of others."""
    values = {"generation": generation, field: places[0]}
    _, first = timed(lambda: server.call(output, values))
    later = milliseconds(lambda place: server.call(output, values | {field: place}), places[1:CALLS])
    return f"{first:.1f}", later


def milliseconds(ask: Callable[[int], object], places: Sequence[int]) -> str:
    """Return how long it takes to ask for each of some places."""
    return spread([1000 * timed(lambda place=place: ask(place))[1] for place in places], ".2g")  # type: ignore[misc]


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores")
    main()
