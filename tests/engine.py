"""Snakemake, imported once and forked for each run: its import takes longer than a run with nothing to do.

Each run is the program as `python -m snakemake` starts it: a process of its own, with its own arguments,
folder and environment. As a script, this file is the process that is forked. Its runs have their jobs forked,
too (`jobs.py`), unless modules are looked for where users don't have them.
"""

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAM = [sys.executable, "-m", "snakemake"]


class Engine:
    """A process that has imported Snakemake."""

    def __init__(self, forks_jobs: bool) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._place = tempfile.TemporaryDirectory()
        address = [os.path.join(self._place.name, "jobs")] if forks_jobs else []
        self._process = subprocess.Popen([sys.executable, __file__, *address], text=True, **pipes)

    def run(self, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a command that begins with `PROGRAM` to its end, and keep what it says."""
        with tempfile.TemporaryDirectory() as place:
            said = [os.path.join(place, name) for name in ("stdout", "stderr")]
            self._ask(command, folder, said, apart=False)
            code = self._answer()
            texts = [Path(file).read_text(errors="replace") for file in said]
        return subprocess.CompletedProcess(command, code, *texts)

    @contextmanager
    def killing(self, command: Sequence[str], folder: Path) -> Iterator[None]:
        """Begin a run in a session of its own, and kill all processes in that at the end of the block."""
        self._ask(command, folder, [os.devnull, os.devnull], apart=True)
        process = self._answer()
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
            self._answer()

    def _ask(self, command: Sequence[str], folder: Path, said: list[str], apart: bool) -> None:
        wanted = [apart, *said, str(folder), dict(os.environ), command[len(PROGRAM) :]]
        print(json.dumps(wanted), file=self._process.stdin, flush=True)

    def _answer(self) -> int:
        return int(self._process.stdout.readline())

    def end(self) -> None:
        """End the process."""
        self._process.communicate()
        self._place.cleanup()


class Engines:
    """The engines of a test session, started when they are needed: one for each place to look for modules."""

    def __init__(self) -> None:
        self._engines: dict[str | None, Engine] = {}
        self.usual = ""  # where modules are looked for if a test does not say otherwise

    @property
    def now(self) -> Engine:
        """Return the engine whose runs find the modules that a program would find now."""
        path = os.environ.get("PYTHONPATH")
        if path not in self._engines:
            self._engines[path] = Engine(forks_jobs=path == self.usual)
        return self._engines[path]

    def end(self) -> None:
        """End all of them."""
        for engine in self._engines.values():
            engine.end()
        self._engines.clear()


ENGINES = Engines()  # here, because pytest imports its conftest.py once more for itself


def serve() -> bool:
    """Fork for each line that comes in, and answer with the exit code.

    Return in the new processes, and tell there whether it is one in a session of its own. Of those the answer
    is the process first.
    """
    for line in sys.stdin:
        apart, *wanted = json.loads(line)
        process = os.fork()
        if process == 0:
            if apart:
                os.setsid()
            become(*wanted)
            return bool(apart)
        if apart:
            print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
    sys.exit()


def become(stdout: str, stderr: str, folder: str, environment: dict[str, str], arguments: list[str]) -> None:
    """Make this process what a new one with these arguments would be."""
    for number, path in enumerate((os.devnull, stdout, stderr)):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = folder
    sys.argv = ["snakemake", *arguments]


if __name__ == "__main__":
    import jobs  # beside this file
    import jsonschema  # noqa: F401
    import smart_open  # noqa: F401
    import snakemake.cli
    import tqdm  # noqa: F401

    snakemake.cli.get_argument_parser()  # imports the plugins
    address = "".join(sys.argv[1:])
    if address:
        jobs.start(address)
    gc.freeze()
    if not serve() and address:  # whose jobs are killed with them are the parents of their jobs
        sys.executable = jobs.program(address)  # what a run starts its jobs by
    jobs.to_its_end(lambda: runpy.run_module("snakemake", run_name="__main__", alter_sys=True))
