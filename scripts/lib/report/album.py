"""The images that a report shows: asked for by its sections, then decoded all at once, in processes.

An image that can't be decoded has no picture, and the page says so in its place.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

from PIL import Image

from scripts.lib.images.decode import decode
from scripts.lib.images.decoder_processes import DecoderFailed, DecoderProcesses, Job
from scripts.lib.images.failures import Undecodable
from scripts.lib.report.encode import Picture, Size, as_picture, reduced

SIZES = {
    "tile": Size(112, True, 4_800),
    "large": Size(240, True, 12_000),
    "view": Size(300, False, 14_000),
}
WAITING = 4  # tasks a process: none waits for work
Pictures = dict[str, Picture]


class Shot(NamedTuple):
    """A place in the report for an image.

    place : position in the order, from 0 as everywhere; None where it has none
    """

    content: bytes
    size: str
    path: str
    place: int | None = None

    @property
    def name(self) -> str:
        """Return the file's own name."""
        return os.path.basename(self.path.rstrip("/")) or self.path


class Limits(NamedTuple):
    """What decoding may take: pixels, seconds for an image, processes."""

    pixels: int
    seconds: float
    processes: int


class Album:
    """Collects what is wanted, and has it once it is developed."""

    def __init__(self) -> None:
        self._files: dict[bytes, list[bytes]] = {}
        self._sizes: dict[bytes, set[str]] = {}
        self._pictures: dict[bytes, Pictures] = {}

    def take(self, shot: Shot, files: Iterable[bytes]) -> Shot:
        """Ask for the picture of a content, which lies in one of the files."""
        known = self._files.setdefault(shot.content, [])
        known += [file for file in files if file not in known]
        self._sizes.setdefault(shot.content, set()).add(shot.size)
        return shot

    def __len__(self) -> int:
        return len(self._files)

    def develop(self, limits: Limits, progress: Callable[[int], object]) -> None:
        """Decode every image that was asked for, each once."""
        wanted = ((each, files, sorted(self._sizes[each])) for each, files in self._files.items())
        if self._files:
            with DecoderProcesses(limits.processes) as processes:
                for content, pictures in _developed(wanted, processes, limits):
                    self._pictures[content] = pictures
                    progress(1)

    def picture(self, shot: Shot) -> Picture | None:
        """Return the picture of a shot, None where it could not be decoded."""
        return self._pictures.get(shot.content, {}).get(shot.size)

    @property
    def missing(self) -> int:
        """Return how many images have no picture."""
        return sum(not self._pictures.get(content) for content in self._files)


Task = tuple[bytes, list[bytes], list[str]]  # content, files, sizes


def _developed(
    wanted: Iterator[Task], processes: DecoderProcesses, limits: Limits
) -> Iterator[tuple[bytes, Pictures]]:
    """Yield the pictures of each content, in order, while later ones are being made."""
    running: deque[tuple[Task, Job]] = deque()
    for task in wanted:
        running.append((task, _submit(task, processes, limits)))
        if len(running) >= WAITING * limits.processes:
            yield _answer(*running.popleft(), processes, limits)
    while running:
        yield _answer(*running.popleft(), processes, limits)


def _submit(task: Task, processes: DecoderProcesses, limits: Limits) -> Job:
    return processes.submit(pictures_of, (task[1], task[2], limits.pixels), limits.seconds)


def _answer(task: Task, job: Job, processes: DecoderProcesses, limits: Limits) -> tuple[bytes, Pictures]:
    try:
        return task[0], job.result()
    except DecoderFailed:
        return task[0], {}
    except BrokenProcessPool:  # no image is to blame where all processes are gone
        return _answer(task, _submit(task, processes, limits), processes, limits)


def pictures_of(files: list[bytes], sizes: list[str], pixel_limit: int) -> Pictures:
    """Return an image in each size, from the first of its files that can be decoded; none without one."""
    target = max(SIZES[size].side for size in sizes)
    for file in files:
        try:
            image = decode(os.fsdecode(file), target, pixel_limit)
            return {size: _picture(image, SIZES[size]) for size in sizes}
        except (Undecodable, OSError, ValueError, MemoryError):  # a null byte in a path is a ValueError
            continue
    return {}


def _picture(image: Image.Image, size: Size) -> Picture:
    return as_picture(reduced(image, size), size.most)
