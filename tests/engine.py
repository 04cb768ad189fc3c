"""Snakemake, imported once and forked for each run: its import takes longer than a run with nothing to do.

Each run is the program as `python -m snakemake` starts it: a process of its own, with its own arguments,
folder and environment. As a script, this file is the process that is forked. Its runs have their jobs forked,
too (`jobs.py`), unless modules are looked for where users don't have them.
"""

import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROGRAM = [sys.executable, "-m", "snakemake"]


class Engine:
    """A process that has imported Snakemake."""

    def __init__(self, forks_jobs: bool) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._place = tempfile.TemporaryDirectory()
        place = [self._place.name] if forks_jobs else []
        self._process = subprocess.Popen([sys.executable, __file__, *place], text=True, **pipes)

    def run(self, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a command that begins with `PROGRAM` to its end, and keep what it says."""
        with tempfile.TemporaryDirectory() as place:
            said = [os.path.join(place, name) for name in ("stdout", "stderr")]
            wanted = [*said, str(folder), dict(os.environ), command[len(PROGRAM) :]]
            print(json.dumps(wanted), file=self._process.stdin, flush=True)
            code = int(self._process.stdout.readline())
            texts = [Path(file).read_text(errors="replace") for file in said]
        return subprocess.CompletedProcess(command, code, *texts)

    def end(self) -> None:
        """End the process."""
        self._process.communicate()
        self._place.cleanup()


class Engines:
    """The engines of a test session, started when they are needed: one for each place to look for modules."""

    def __init__(self) -> None:
        self._engines: dict[str | None, Engine] = {}
        self.usual = ""  # where modules are looked for if a test does not say otherwise

    def run(self, command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a command that begins with `PROGRAM` with the modules that it would find now."""
        path = os.environ.get("PYTHONPATH")
        if path not in self._engines:
            self._engines[path] = Engine(forks_jobs=path == self.usual)
        return self._engines[path].run(command, folder)

    def end(self) -> None:
        """End all of them."""
        for engine in self._engines.values():
            engine.end()
        self._engines.clear()


ENGINES = Engines()  # here, because pytest imports its conftest.py once more for itself


def serve() -> None:
    """Fork for each line that comes in, and answer with the exit code; return in the new processes."""
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            become(*json.loads(line))
            return
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
    place = "".join(sys.argv[1:])
    if place:
        jobs.start(place)
    gc.freeze()
    serve()
    if place:
        sys.executable = jobs.write_program(place)  # what a run starts its jobs by
    jobs.to_its_end(lambda: runpy.run_module("snakemake", run_name="__main__", alter_sys=True))
