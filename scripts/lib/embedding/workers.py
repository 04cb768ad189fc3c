"""Decode and prepare images in worker processes, of which one may hang or die.

A worker holds the very bytes that it decodes, hashes them, and answers with their content id, so that a
vector is never stored under another image's name. Tasks are small groups of images; where a group fails
as a whole (a decoder crashed, or never came back) its images are tried one by one, and the culprit is
named.
"""

import io
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, TimeoutError
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from blake3 import blake3
from pebble import ProcessExpired, ProcessPool

from scripts.lib.embedding.models.protocol import Prepare
from scripts.lib.files.paths import readable
from scripts.lib.files.status import CHANGED, OK, UNDECODABLE, UNREADABLE
from scripts.lib.images.decode import VIDEO_FRAMES, Source, decode_all
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


def prepare_all(requests: Iterable[Request], settings: WorkerSettings) -> Iterator[Prepared]:
    """Yield what became of each request, in order, while later ones are being prepared."""
    remaining = iter(requests)
    running: deque[tuple[list[Request], Future[list[Prepared]]]] = deque()
    context = multiprocessing.get_context("forkserver")
    pool = ProcessPool(settings.workers, initializer=_leave_with_parent, context=context)
    with pool:
        try:
            while True:
                while len(running) < 3 * settings.workers and (group := list(islice(remaining, GROUP))):
                    running.append((group, _submit(pool, group, settings)))
                if not running:
                    return
                yield from _results(pool, *running.popleft(), settings)
        finally:
            pool.stop()


def _submit(pool: ProcessPool, group: list[Request], settings: WorkerSettings) -> "Future[list[Prepared]]":
    timeout = settings.timeout * len(group)
    future: Future[list[Prepared]] = pool.schedule(_prepare_group, (group, settings), timeout=timeout)
    return future


def _results(
    pool: ProcessPool, group: list[Request], future: Future[list[Prepared]], settings: WorkerSettings
) -> list[Prepared]:
    try:
        results: list[Prepared] = future.result()
        return results
    except TimeoutError:
        reason = f"decoding did not end within {settings.timeout:.0f} s"
    except ProcessExpired as error:
        reason = f"the decoder crashed (exit code {error.exitcode})"
    if len(group) == 1:
        return [Prepared(group[0].content_id, None, UNDECODABLE, reason)]
    alone = [([request], _submit(pool, [request], settings)) for request in group]
    return [result for one, each in alone for result in _results(pool, one, each, settings)]


def _leave_with_parent() -> None:
    """End this worker when the process that owns the pool ends, however it does."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _prepare_group(group: list[Request], settings: WorkerSettings) -> list[Prepared]:
    return [_prepare_one(request, settings) for request in group]


def _prepare_one(request: Request, settings: WorkerSettings) -> Prepared:
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
    return result


class _Changed(Exception):
    """The file no longer holds the content that the inventory saw in it."""


def _prepare_file(path: bytes, content_id: bytes, settings: WorkerSettings) -> np.ndarray:
    if os.stat(path).st_size > WHOLE_BYTES:
        return _prepare_large(path, content_id, settings)
    with open(path, "rb") as stream:
        data = stream.read()
    if blake3(data).digest() != content_id:
        raise _Changed
    return _views(io.BytesIO(data), settings)


def _prepare_large(path: bytes, content_id: bytes, settings: WorkerSettings) -> np.ndarray:
    before = os.stat(path)
    if blake3().update_mmap(os.fsdecode(path)).digest() != content_id:
        raise _Changed
    views = _views(os.fsdecode(path), settings)
    after = os.stat(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _Changed
    return views


def _views(source: Source, settings: WorkerSettings) -> np.ndarray:
    """Decode and prepare an image, or the frames of a video one after the other."""
    images = decode_all(source, settings.target, settings.pixel_limit, settings.video_frames)
    try:
        return np.concatenate([settings.prepare(image) for image in images])
    except (MemoryError, ValueError, ArithmeticError) as error:
        raise Undecodable(f"can't be prepared: {error}") from error
