"""Files that appear whole or not at all.

A file is written under a temporary name in the folder it belongs to, flushed to the disk, and
renamed. A kill leaves at most a hidden temporary file, which the next writer of that name replaces.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.lib.artifacts.disk import writing


def temporary_path(path: Path) -> Path:
    """Name the hidden temporary file that becomes `path`."""
    return path.with_name(f".{path.name}.tmp")


def flush_to_disk(path: Path) -> None:
    """Force the content of a file, or the entries of a folder, out of the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(temporary: Path, path: Path) -> None:
    """Give a finished temporary file its name; it survives a power cut from then on."""
    flush_to_disk(temporary)
    os.replace(temporary, path)
    flush_to_disk(path.parent)


@contextmanager
def temporary_for(path: Path) -> Iterator[Path]:
    """Yield the temporary path of `path`, for the block to publish; what is left of it goes.

    Raises
    ------
    DiskError
        when the disk does not take it.
    """
    temporary = temporary_path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block succeeds."""
    with temporary_for(path) as temporary:
        yield temporary
        publish(temporary, path)


def write_text(path: Path, text: str) -> None:
    """Replace a text file atomically; characters that stand for raw bytes keep them."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape")


def clear_marks(mark: Path) -> None:
    """Remove the marks of former runs that lie where this one's will, which is made when a job has ended."""
    for former in mark.parent.glob("*"):
        former.unlink()


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file atomically, indented for people, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
