"""What the tests share: small images made on the spot, and the real workflow in a folder of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from scripts.lib.run.config import complete, model_tag, read_schema
from tests.engine import ENGINES, PROGRAM

os.environ.pop("MAKELEVEL", None)  # runs of tests are begun by no make, though the tests may be
pytest.register_assert_rewrite("tests.browser")  # its fixtures tell what they found, as tests do
from tests.browser import browser, context, page, problems  # noqa: E402

__all__ = ["browser", "context", "page", "problems"]  # fixtures of another module
ROOT = Path(__file__).resolve().parent.parent
SCHEMA = read_schema()
COLLECTION_SIZE = 20
PART_SIZE = 8  # images per part of the store, so that kills fall between parts


def picture(seed: int, size: tuple[int, int] = (48, 32)) -> Image.Image:
    """Return a small image of two smooth gradients; equal seeds give equal pixels."""
    random = np.random.default_rng(seed)
    corners = random.integers(0, 256, (2, 2, 3), dtype=np.uint8)
    return Image.fromarray(corners).resize(size, Image.Resampling.BILINEAR)


def write_pictures(folder: Path, count: int, first: int = 0) -> list[Path]:
    """Write `count` distinct JPEG files into a folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"image {seed}.jpg" for seed in range(first, first + count)]
    for seed, path in enumerate(paths, first):
        picture(seed).save(path, quality=90)
    return paths


class Workflow:
    """The real Snakefile, run in a working folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "config", folder / "config", dirs_exist_ok=True)
        self.images = folder / "input_images"
        self.output = folder / "sorted_images"
        self.results = folder / "results" / "photos"
        self.config: dict[str, object] = {"model": "descriptor", "part_size": PART_SIZE, "report": False}

    @property
    def model(self) -> Path:
        """Return the folder of the configured model's artifacts."""
        return self.results / model_tag(complete(self.config, SCHEMA), SCHEMA)

    def command(self, *arguments: str, cores: int = 2, **config: object) -> list[str]:
        """Return the command line of a run."""
        settings = [f"{key}={value}" for key, value in (self.config | config).items()]
        program = [*PROGRAM, "--snakefile", str(ROOT / "Snakefile")]
        where = ["--quiet", "host", "--directory", str(self.folder), "--cores", str(cores)]
        return [*program, *where, *arguments, "--config", *settings]

    def run(
        self, *arguments: str, cores: int = 2, check: bool = True, **config: object
    ) -> subprocess.CompletedProcess[str]:
        """Run the workflow to its end."""
        command = self.command(*arguments, cores=cores, **config)
        done = ENGINES.now.run(command, self.folder)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}\n{self.logs()}")
        return done

    def jobs(self, *arguments: str, **config: object) -> dict[str, int]:
        """Run the workflow and return how often each rule ran."""
        output = self.run(*arguments, **config).stderr
        names = [line.split("Rule: ")[1].rstrip(")") for line in output.splitlines() if "(Rule: " in line]
        return {name: names.count(name) for name in sorted(set(names)) if name != "all"}

    def forget(self, stage: str) -> None:
        """Remove what a stage made, so that the next run begins with it."""
        made = {
            "scan": ("inventory.parquet", "inventory", "hashes.sqlite"),
            "weights": ("descriptor/model.json",),
            "embed": ("descriptor/embed", "../store"),
            "gather": ("descriptor/vectors.npy",),
            "knn": ("descriptor/knn.npz",),
            "bound": ("descriptor/bound.json",),
            "mst": ("descriptor/mst.npy",),
            "traverse": ("descriptor/traversal.npy",),
            "two_opt": ("descriptor/path.npy",),
            "order": ("descriptor/order.parquet",),
            "quality": ("descriptor/quality.json",),
            "plan": ("descriptor/plan.parquet",),
            "copy": ("copied.parquet", "../../sorted_images"),
        }
        for each in (self.results / name for name in made[stage]):
            shutil.rmtree(each) if each.is_dir() else each.unlink(missing_ok=True)

    def at_work(self, stage: str) -> bool:
        """Tell whether a stage is in the middle of its work."""
        if stage == "embed":
            return any((self.folder / "results" / "store").glob("*/*.arrow"))
        if stage == "copy":
            return any(self.output.glob("0*"))
        log = self.log_of(stage)
        return log.exists() and log.stat().st_size > 0

    def killing(self, *arguments: str, cores: int = 2) -> AbstractContextManager[None]:
        """Begin a run and kill its whole process group at the end of the block."""
        return ENGINES.now.killing(self.command(*arguments, cores=cores), self.folder)

    def kill_in(self, stage: str) -> None:
        """Start a run and kill its whole process group in the middle of a stage."""
        self.log_of(stage).unlink(missing_ok=True)
        with self.killing():
            wait_until(lambda: self.at_work(stage), f"{stage} is at work")

    def log_of(self, stage: str) -> Path:
        """Return the log file of a stage (of its first partition)."""
        if stage == "embed":
            return self.model / "logs" / "embed" / "0.log"
        folder = self.results if stage in ("scan", "copy") else self.model
        return folder / "logs" / f"{stage}.log"

    def logs(self) -> str:
        """Return all logs, for the report of a failure."""
        return "\n".join(f"--- {p}\n{p.read_text()}" for p in sorted(self.results.rglob("*.log")))

    def order(self) -> list[str]:
        """Return the file names in order."""
        paths = pq.read_table(self.model / "order.parquet")["path"].to_pylist()
        return [path.removeprefix("input_images/") for path in paths]

    def copies(self) -> dict[str, bytes]:
        """Return the copies: names with their bytes."""
        return {p.name: p.read_bytes() for p in self.output.iterdir() if not p.name.startswith(".")}

    def embedded(self) -> int:
        """Return how many vectors are in the store, those that were embedded twice counted twice."""
        import pyarrow as pa

        parts = (self.folder / "results" / "store").glob("*/*.arrow")
        return sum(pa.ipc.open_file(part).read_all().num_rows for part in parts)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.005)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with tests that take long: what is left at the end, for one worker, is short.

    First those on a cluster, which mostly wait; then those that run the program.
    """
    programs = {"workflow", "collection", "template"}
    items.sort(key=lambda item: ("cluster" not in item.fixturenames, not programs & {*item.fixturenames}))


@pytest.fixture(scope="session", autouse=True)
def like_users() -> Iterator[None]:
    """Let programs that tests start find no more modules than users have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT / "tests" / "like_users"), prepend=os.pathsep)
        ENGINES.usual = os.environ["PYTHONPATH"]
        yield
    ENGINES.end()


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    """Return the real workflow in an empty folder."""
    return Workflow(tmp_path)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """Return a collection of 20 images, sorted once; not to be changed."""
    workflow = Workflow(tmp_path_factory.mktemp("template"))
    write_pictures(workflow.images, COLLECTION_SIZE)
    workflow.run()
    return workflow


@pytest.fixture
def collection(template: Workflow, tmp_path: Path) -> Workflow:
    """Return a sorted collection of 20 images, a copy of its own, as if it had been sorted there."""
    folder = tmp_path / "collection"
    shutil.copytree(template.folder, folder, symlinks=True)
    ledger = folder / "sorted_images" / ".seriatim" / "ledger.jsonl"
    ledger.write_text(ledger.read_text().replace(str(template.folder), str(folder)))
    return Workflow(folder)
