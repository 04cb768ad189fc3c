"""One source made a temporary file: copied, cloned, or linked to.

The hash of a copy is taken of what was written, read back: equal to the content id of the scan it
proves at once that the source is what was scanned and that the copy is what the source is. A link has
no bytes of its own: size and time tell, as they do to the scan, and the bytes where these differ.
"""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from scripts.lib.files.content_ids import content_id_of
from scripts.lib.files.originals import is_member, member_behind, state_of, status_of
from scripts.lib.files.tars.members import TarMember
from scripts.lib.output.attributes import keep_attributes
from scripts.lib.output.held_folder import CHUNK, UNFIT_NAME, digest_of
from scripts.lib.output.ledger import Kind, Own
from scripts.lib.output.placement import CANNOT_LINK, STAGING, OutputFolder, flush_file

try:
    import fcntl
except ImportError:  # no such calls on this system
    fcntl = None  # type: ignore[assignment]

GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE}
CHANGED = "changed since the scan: scan again, then copy"
FICLONE = 0x40049409  # linux/fs.h
CLONED = 1 << 16  # bytes from which on asking for a clone costs less than it may save
CHANGING = "changed while it was being copied: copy again"

Inodes = frozenset[tuple[int, int]]  # device and inode, by which a file is known under any name
Opened = int | TarMember  # a source that is open: a file's descriptor, or a member of a tar


class SourceError(Exception):
    """A source that cannot be copied; the message is the reason."""


class Seen(NamedTuple):
    """Size and modification time of a source when its content was found out."""

    size: int
    mtime_ns: int


class Order(NamedTuple):
    """A source, the content expected of it (None: any), the temporary file, and what that is to be.

    seen : what goes with the content; None if it is not known
    link : the text of a symbolic link
    """

    source: bytes
    content: bytes | None
    staging: bytes
    kind: Kind = "copy"
    seen: Seen | None = None
    link: bytes = b""


def staging_name(position: int) -> bytes:
    """Return the path of a position's temporary file."""
    return b"%s/%d.part" % (STAGING, position)


def stage(folder: OutputFolder, order: Order, barred: Inodes) -> Own:
    """Make a temporary file of a source; copies get its times and permissions.

    `barred` files are no sources. To move is to link at first, or to copy where that can't be; the source
    goes later. Raises SourceError if the source is not what was ordered, and OSError if the output folder
    cannot be written to; no temporary file is left then.
    """
    if order.kind == "symlink":
        return _stage_symlink(folder, order, barred)
    if order.kind == "hardlink":
        return _stage_hardlink(folder, order, barred)
    if order.kind == "move":
        with contextlib.suppress(CannotLink):
            return _stage_hardlink(folder, order, barred)
    return _stage_copy(folder, order, barred)


class CannotLink(SourceError):
    """A source that can be given no other name where the output is."""


def _stage_copy(folder: OutputFolder, order: Order, barred: Inodes) -> Own:
    with _open_source(order.source, barred) as (source, before):
        # With the source's permissions from the beginning there is mostly nothing to change in the end.
        mode = _permissions(before, order.kind) & 0o777 | stat.S_IWUSR
        copy = folder.open(order.staging, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        try:
            return _fill(copy, source, before, order)
        except BaseException:
            folder.unlink(order.staging)
            raise
        finally:
            os.close(copy)


def _stage_hardlink(folder: OutputFolder, order: Order, barred: Inodes) -> Own:
    content, before = _as_seen(order, barred)
    try:
        folder.hold_link(order.source, order.staging)
    except OSError as error:
        if error.errno in CANNOT_LINK | {errno.EXDEV, errno.EACCES}:
            raise CannotLink(f"can't be given a hard link here: {error.strerror}") from error
        if error.errno in GONE and not os.path.exists(order.source):
            raise SourceError(f"can't be read: {error.strerror}") from error
        raise
    made = folder.lstat(order.staging)
    if made is None or not os.path.samestat(made, before):
        folder.unlink(order.staging)
        raise SourceError(CHANGING)
    return Own(content, made.st_size, made.st_mtime_ns, order.source, before.st_mtime_ns, "hardlink")


def _stage_symlink(folder: OutputFolder, order: Order, barred: Inodes) -> Own:
    content, before = _as_seen(order, barred)
    try:
        folder.symlink(order.link, order.staging)
    except OSError as error:
        if error.errno in UNFIT_NAME:
            raise SourceError(f"can't be given a symbolic link: {error.strerror}") from error
        raise
    made = folder.lstat(order.staging)
    assert made is not None
    size, time = made.st_size, made.st_mtime_ns
    return Own(content, size, time, order.source, before.st_mtime_ns, "symlink", order.link)


def _as_seen(order: Order, barred: Inodes) -> tuple[bytes, os.stat_result]:
    """Return the content of a source that is to be linked, and what is at its path.

    It is not opened where its size and time are those of the scan. Raises SourceError if the content is
    not what was ordered.
    """
    with READING:
        found = status_of(order.source)
    _check_source(found, barred)
    if is_member(found):
        raise CannotLink("lies in a tar, and can have no link")
    if order.content is not None and order.seen == (found.st_size, found.st_mtime_ns):
        return order.content, found
    with _open_source(order.source, barred) as (source, found):
        content = _source_digest(source)
    if order.content not in (None, content):
        raise SourceError(CHANGED)
    return content, found


def _fill(copy: int, source: Opened, before: os.stat_result, order: Order) -> Own:
    if before.st_size < CLONED or not _clone(copy, source):
        for chunk in _chunks(source, before.st_size):
            _write(copy, chunk)
    _check_unchanged(before, source)
    content = digest_of(copy, before.st_size)
    if content != order.content:
        _explain(content, source, order.content)
    if order.kind == "move" and isinstance(source, int):
        keep_attributes(copy, source)
    made = _with_metadata(copy, before, _permissions(before, order.kind))
    flush_file(copy)
    return Own(content, made.st_size, made.st_mtime_ns, order.source, before.st_mtime_ns)


def _clone(copy: int, source: Opened) -> bool:
    """Have the file system share the blocks of both files (reflink), where it can; tell whether it did."""
    if fcntl is None or not isinstance(source, int) or not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError):
        fcntl.ioctl(copy, FICLONE, source)
        return True
    return False


def _explain(content: bytes, source: Opened, expected: bytes | None) -> None:
    """Raise SourceError unless the copy is what the source is and nothing else was expected."""
    if content != _source_digest(source):
        raise SourceError("the copy read back differs from its source: check disk and memory")
    if expected is not None:
        raise SourceError(CHANGED)


def _check_unchanged(before: os.stat_result, source: Opened) -> None:
    same = (
        state_of(before) == state_of(os.fstat(source)) if isinstance(source, int) else source.is_unchanged()
    )
    if not same:
        raise SourceError(CHANGING)


def _permissions(source: os.stat_result, kind: Kind) -> int:
    # A copy that we could not read back would be of no use.
    return source.st_mode & (0o7777 if kind == "move" else 0o777) | stat.S_IRUSR


def _with_metadata(copy: int, source: os.stat_result, permissions: int) -> os.stat_result:
    """Give a copy the times of its source and its permissions, as far as the file system has them."""
    with contextlib.suppress(PermissionError):
        os.utime(copy, ns=(source.st_atime_ns, source.st_mtime_ns))
    made = os.fstat(copy)
    if stat.S_IMODE(made.st_mode) != permissions:
        with contextlib.suppress(PermissionError):
            os.fchmod(copy, permissions)
    return made


def _chunks(source: Opened, size: int) -> Iterator[bytes]:
    # One byte more than expected is asked for: a small file is read in one go, and a file that
    # grows for ever is not followed.
    while size >= 0:
        asked = min(CHUNK, size + 1)
        chunk = _read(source, asked)
        yield chunk
        size -= len(chunk)
        if not chunk or (size == 0 and len(chunk) < asked):
            return
    raise SourceError(CHANGING)


def _read(source: Opened, length: int) -> bytes:
    with READING:
        return os.read(source, length) if isinstance(source, int) else source.read(length) or b""


def _write(copy: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        try:
            rest = rest[os.write(copy, rest) :]
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise SourceError("is larger than a file may be there") from error
            raise


def _source_digest(source: Opened) -> bytes:
    with READING:
        if isinstance(source, int):
            return digest_of(source, os.fstat(source).st_size)
        source.seek(0)
        return content_id_of(cast(BinaryIO, source))


@contextlib.contextmanager
def _open_source(path: bytes, barred: Inodes) -> Iterator[tuple[Opened, os.stat_result]]:
    """Open a regular file for reading. Raises SourceError if it can't be, or is something else."""
    source: Opened
    with READING:
        try:
            # Not blocking: a named pipe put in the file's place must not stop the run for ever.
            source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            source = member_behind(path, error)
    try:
        found = os.fstat(source) if isinstance(source, int) else source.status
        _check_source(found, barred)
        yield source, found
    finally:
        os.close(source) if isinstance(source, int) else source.close()


def _check_source(found: os.stat_result, barred: Inodes) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise SourceError("is no longer a file")
    if (found.st_dev, found.st_ino) in barred:
        raise SourceError("is itself a copy in the output folder")


class _Reading:
    """Turns what goes wrong while a source is read into a SourceError.

    A class, because a generator would take longer than the reading of a small file.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError | ValueError):  # ValueError: a name with a null byte
            reason = error.strerror if isinstance(error, OSError) else error
            raise SourceError(f"can't be read: {reason}") from error


READING = _Reading()


def source_digest(path: bytes, barred: Inodes) -> bytes | None:
    """Return the BLAKE3-256 of a source, None if it can't be read or is barred."""
    with contextlib.suppress(SourceError), _open_source(path, barred) as (source, _):
        return _source_digest(source)
    return None
