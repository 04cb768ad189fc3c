"""The benchmark of the GPU runs where little is installed, which holds for the library that it measures."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, write_pictures

MISSING = [
    "snakemake",
    "faiss",
    "blake3",
    "pebble",
    "open_clip",
    "av",
    "pillow_heif",
    "yaml",
    "jsonschema",
    "scipy",
    "numba",
    "matplotlib",
    "tqdm",
    "threadpoolctl",
]


def test_the_benchmark_needs_torch_torchvision_numpy_pillow_and_pyarrow_alone(tmp_path: Path) -> None:
    for name in MISSING:
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('{name} is not installed here')\n")
    photos = tmp_path / "photos"
    write_pictures(photos, 4)
    command = [sys.executable, "-m", "benchmarks.gpu", "--device", "cpu", "--smoke", "--photos", str(photos)]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    (measured,) = (row for row in rows if row[:1] == ["mobilenet_v3_small"])
    assert float(measured[-2]) > 0
    assert rows[-2][-1] == "1.0000", "neighbours are those of double precision"
