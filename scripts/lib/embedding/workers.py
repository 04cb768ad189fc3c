"""Decode and prepare images in worker processes, of which one may hang or die.

A worker holds the very bytes that it decodes, hashes them, and answers with their content id, so that a
vector is never stored under another image's name. Tasks are small groups of images; where a group fails
as a whole (a decoder crashed, or never came back) its images are tried one by one, and what fails again is
named: the first time a worker may have been killed for another reason.
"""

import io
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from scripts.lib.embedding.models.protocol import Prepare
from scripts.lib.embedding.pool import SLOT_BYTES, WorkerPool, worker_memory
from scripts.lib.embedding.shared_memory import Placed
from scripts.lib.files.content_ids import Hasher, blake3_hasher, content_id_of
from scripts.lib.files.originals import content_of, open_original, state_of, status_of
from scripts.lib.files.paths import readable
from scripts.lib.files.status import CHANGED, OK, UNDECODABLE, UNREADABLE
from scripts.lib.images.decode import VIDEO_FRAMES, Source, decode_all
from scripts.lib.images.decoder_processes import DecoderFailed, Job
from scripts.lib.images.failures import Undecodable

GROUP = 8  # images per task: enough to pay for the way between the processes
WHOLE_BYTES = 1 << 28  # larger files are decoded from the disk, with a look at them before and after


@dataclass(frozen=True)
class WorkerSettings:
    """How workers prepare images: function, size, limits, and how many there are."""

    prepare: Prepare
    target: int
    pixel_limit: int
    workers: int
    timeout: float  # seconds for one image
    video_frames: int = VIDEO_FRAMES
    hasher: Callable[[], Hasher] = blake3_hasher  # makes the content ids


class Request(NamedTuple):
    """A content to prepare, and the files that are known to hold it."""

    content_id: bytes
    paths: Sequence[bytes]


class Prepared(NamedTuple):
    """What became of a request: its prepared views (v, ...), or the reason why there are none."""

    content_id: bytes
    views: np.ndarray | None
    status: str
    error: str | None


Answers = list[tuple[Prepared, Placed | None]]  # views that lie in the shared memory are named by their place


def prepare_all(
    requests: Iterable[Request], settings: WorkerSettings, pool: WorkerPool | None = None
) -> Iterator[Prepared]:
    """Yield what became of each request, in order, while later ones are being prepared.

    pool : started earlier, to save time; otherwise one is started, and ended with the last answer
    """
    if pool is None:
        with WorkerPool(settings.workers) as own:
            yield from prepare_all(requests, settings, own)
        return
    groups = _groups(requests, pool.tasks)
    running: deque[_Task] = deque()
    while True:
        while len(running) < pool.tasks and (group := next(groups, None)):
            running.append(_submit(pool, group, settings, pool.slots.popleft()))
        if not running:
            return
        yield from _results(pool, running.popleft(), settings)


def _groups(requests: Iterable[Request], tasks: int) -> Iterator[list[Request]]:
    """Yield requests one by one at first, so that few serve all workers and the first is ready soon."""
    remaining, taken = iter(requests), 0
    while group := list(islice(remaining, min(GROUP, 1 + taken // tasks))):
        yield group
        taken += len(group)


class _Task(NamedTuple):
    """Requests that are being prepared, and the slot of the memory for their views; none the second time."""

    group: list[Request]
    slot: int | None
    answers: Job  # returns Answers


def _submit(pool: WorkerPool, group: list[Request], settings: WorkerSettings, slot: int | None) -> _Task:
    # A group has the time of one image: one that hangs must not hold the others for many times as long, and
    # those of a group that is merely slow are tried again one by one, each with its own time.
    return _Task(group, slot, pool.submit(_prepare_group, (group, settings, slot), settings.timeout))


def _results(pool: WorkerPool, task: _Task, settings: WorkerSettings) -> list[Prepared]:
    try:
        prepared = [_taken(pool, *answer) for answer in task.answers.result()]
    except BrokenProcessPool:  # no image is to blame where all workers are gone
        return _once_more(pool, task, settings)
    except DecoderFailed as error:
        if task.slot is not None:
            return _once_more(pool, task, settings)
        return [Prepared(each.content_id, None, UNDECODABLE, str(error)) for each in task.group]
    if task.slot is not None:
        pool.slots.appendleft(task.slot)
    return prepared


def _taken(pool: WorkerPool, prepared: Prepared, place: Placed | None) -> Prepared:
    return prepared._replace(views=pool.memory.take(place)) if place else prepared


def _once_more(pool: WorkerPool, task: _Task, settings: WorkerSettings) -> list[Prepared]:
    """Try each request of a task that failed alone."""
    if task.slot is not None:
        pool.slots.append(task.slot)
    alone = [_submit(pool, [request], settings, None) for request in task.group]
    return [result for each in alone for result in _results(pool, each, settings)]


def _prepare_group(group: list[Request], settings: WorkerSettings, slot: int | None) -> Answers:
    """Prepare a group; the views go to a slot of the shared memory as far as they fit."""
    answers: Answers = []
    free, end = (0, 0) if slot is None else (slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES)
    for request in group:
        prepared = prepare_one(request, settings)
        place = None if prepared.views is None else worker_memory().put(prepared.views, free, end)
        if prepared.views is not None and place is not None:
            free += prepared.views.nbytes
            prepared = prepared._replace(views=None)
        answers.append((prepared, place))
    return answers


def prepare_one(request: Request, settings: WorkerSettings) -> Prepared:
    """Prepare a content from the first of its files that can be read and still holds it."""
    result = Prepared(request.content_id, None, UNREADABLE, "no file is known to hold it")
    for path in request.paths:
        try:
            views = _prepare_file(path, request.content_id, settings)
            return Prepared(request.content_id, views, OK, None)
        except Undecodable as error:
            return Prepared(request.content_id, None, UNDECODABLE, str(error))
        except _Changed:
            result = Prepared(request.content_id, None, CHANGED, f"{readable(path)} changed since the scan")
        except OSError as error:
            reason = f"{readable(path)} can't be read: {error.strerror or error}"
            result = Prepared(request.content_id, None, UNREADABLE, reason)
        except MemoryError:
            reason = f"{readable(path)} can't be read: there is not enough memory"
            result = Prepared(request.content_id, None, UNREADABLE, reason)
    return result


class _Changed(Exception):
    """The file no longer holds the content that the inventory saw in it."""


def _prepare_file(path: bytes, content_id: bytes, settings: WorkerSettings) -> np.ndarray:
    if status_of(path).st_size > WHOLE_BYTES:
        return _prepare_large(path, content_id, settings)
    data = content_of(path)
    if content_id_of(data, settings.hasher) != content_id:
        raise _Changed
    return views_of(io.BytesIO(data), settings)


def _prepare_large(path: bytes, content_id: bytes, settings: WorkerSettings) -> np.ndarray:
    before = status_of(path)
    with open_original(path) as file:
        if content_id_of(file, settings.hasher) != content_id:
            raise _Changed
    views = views_of(os.fsdecode(path), settings)
    after = status_of(path)
    if state_of(before) != state_of(after):
        raise _Changed
    return views


def views_of(source: Source, settings: WorkerSettings) -> np.ndarray:
    """Decode and prepare an image, or the frames of a video one after the other."""
    images = decode_all(source, settings.target, settings.pixel_limit, settings.video_frames)
    try:
        return np.concatenate([settings.prepare(image) for image in images])
    except (MemoryError, ValueError, ArithmeticError) as error:
        raise Undecodable(f"can't be prepared: {error}") from error
