"""The content id of every file, computed once.

A content id is the BLAKE3 of a file's bytes. It is kept in a side file, with what the header says,
and reused while path, size and modification time stand. The side file is an SQLite database that
survives kills; it is committed every few seconds, so a killed scan hashes nothing twice.
"""

import io
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from scripts.lib import versions
from scripts.lib.artifacts.disk import writing
from scripts.lib.files.content_ids import content_id_of
from scripts.lib.files.found import Found
from scripts.lib.files.originals import content_of, open_original, state_of, status_of
from scripts.lib.images.decode import read_plain_header
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.headers import LibraryHeaders
from scripts.lib.images.readers.protocol import Header

COMMIT_SECONDS = 1.0  # of hashing, the most that a kill can lose
WHOLE_BYTES = 1 << 26  # larger files are hashed piece by piece instead of being held

SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, root BLOB, size INTEGER, mtime_ns INTEGER, -- or of a member of a tar, its stamp
    content_id BLOB, format TEXT, width INTEGER, height INTEGER, error TEXT
) WITHOUT ROWID;
"""


class Identity(NamedTuple):
    """What a file's bytes say. Without a content id it could not be read; `error` says why."""

    content_id: bytes | None
    format: str | None
    width: int | None
    height: int | None
    error: str | None


class HashCache:
    """The side file: what is known of each path, and of which size and time that was true."""

    def __init__(self, connection: sqlite3.Connection, retry: bool = False) -> None:
        self.connection, self.retry = connection, retry
        self.committed = time.monotonic()

    def roots(self) -> set[bytes]:
        """Return the folders below which files are known."""
        return {root for (root,) in self.connection.execute("SELECT DISTINCT root FROM files")}

    def paths(self) -> set[bytes]:
        """Return every known path."""
        return {path for (path,) in self.connection.execute("SELECT path FROM files")}

    def lookup(self, found: Found) -> Identity | None:
        """Return what is known of a file, if its size and modification time still stand.

        With `retry`, nothing is known of files that were no images.
        """
        row = self.connection.execute(
            "SELECT content_id, format, width, height, error FROM files"
            " WHERE path = ? AND size = ? AND mtime_ns = ?",
            (found.path, found.size, found.state),
        ).fetchone()
        known = Identity(*row) if row else None
        return None if known and known.error and self.retry else known

    def store(self, found: Found, identity: Identity) -> None:
        """Remember a file; at the latest after `COMMIT_SECONDS` a kill no longer forgets it."""
        self.connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (found.path, found.root, found.size, found.state, *identity),
        )
        if time.monotonic() - self.committed >= COMMIT_SECONDS:
            self.connection.commit()
            self.committed = time.monotonic()

    def adopt(self, files: Iterable[Found]) -> None:
        """Note below which root each known file is found now."""
        self.connection.executemany(
            "UPDATE files SET root = ?1 WHERE path = ?2 AND root <> ?1", ((f.root, f.path) for f in files)
        )

    def forget(self, paths: Iterable[bytes]) -> None:
        """Drop files that are no more."""
        self.connection.executemany("DELETE FROM files WHERE path = ?", ((p,) for p in paths))


@contextmanager
def hash_cache(path: Path, retry: bool = False) -> Iterator[HashCache]:
    """Open the side file; whatever was stored is committed at the end, also after an error.

    Raises
    ------
    DiskError
        when the disk does not take it.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_connect(path)) as connection:
            try:
                yield HashCache(connection, retry)
            finally:
                connection.commit()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    try:
        connection.executescript(SCHEMA)
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged pages")
        _forget_verdicts(connection)
    except sqlite3.OperationalError:  # locked, or the disk is full: nothing is wrong with the file
        raise
    except sqlite3.DatabaseError:  # it is a cache, and is filled again
        connection.close()
        os.replace(path, path.with_name(f"{path.name}.damaged"))
        connection = sqlite3.connect(path)
        connection.executescript(SCHEMA)
        _forget_verdicts(connection)
    return connection


def _forget_verdicts(connection: sqlite3.Connection) -> None:
    """Forget which files were no images if another version said so: this one may know their format."""
    if connection.execute("PRAGMA user_version").fetchone() != (versions.SCAN,):
        connection.execute("DELETE FROM files WHERE error IS NOT NULL")
        connection.execute(f"PRAGMA user_version = {versions.SCAN}")


def identify(found: Found, headers: LibraryHeaders) -> Identity:
    """Hash a file and read its image header, both of the same bytes."""
    try:
        before = status_of(found.path)
        digest, source = _hashed(found)
        try:
            header = read_plain_header(source) or _library_header(found.path, before, headers)
        except Undecodable as error:
            return Identity(digest, None, None, None, str(error))
        return Identity(digest, header.format, header.width, header.height, None)
    except OSError as error:
        return Identity(None, None, None, None, f"can't be read: {error.strerror or error}")


def _hashed(found: Found) -> tuple[bytes, bytes | io.BytesIO]:
    """Return the hash of a file, and its content, or its path where that is large."""
    if found.size > WHOLE_BYTES:
        with open_original(found.path) as stream:
            return content_id_of(stream), found.path
    data = content_of(found.path)
    return content_id_of(data), io.BytesIO(data)


def _library_header(path: bytes, before: os.stat_result, headers: LibraryHeaders) -> Header:
    """Read the header of the bytes that were hashed: an OSError where they are others now."""
    try:
        return headers.read(path)
    finally:
        after = status_of(path)
        if state_of(before) != state_of(after):
            raise OSError("it changed meanwhile")


def identify_all(
    files: Sequence[Found],
    cache: HashCache,
    threads: int,
    headers: LibraryHeaders,
    progress: Callable[[int], object],
) -> list[Identity]:
    """Return the identity of each file, in order; only files the cache does not know are read.

    A file that could not be read is not remembered: the next scan tries it again.
    """
    identities: list[Identity | None] = [cache.lookup(found) for found in files]
    progress(sum(identity is not None for identity in identities))
    unknown = (i for i, identity in enumerate(identities) if identity is None)
    with ThreadPoolExecutor(threads) as pool:

        def submit(found: Found) -> Future[Identity]:
            return pool.submit(identify, found, headers)

        for i, identity in _in_threads(submit, files, unknown, ahead=8 * threads):
            identities[i] = identity
            if identity.content_id is not None:
                cache.store(files[i], identity)
            progress(1)
    return [identity for identity in identities if identity is not None]


def _in_threads(
    submit: Callable[[Found], Future[Identity]], files: Sequence[Found], unknown: Iterator[int], ahead: int
) -> Iterator[tuple[int, Identity]]:
    """Identify files in threads, at most `ahead` at a time, and yield each as it is done."""
    running: dict[Future[Identity], int] = {}
    while True:
        for i in islice(unknown, ahead - len(running)):
            running[submit(files[i])] = i
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()
