"""A moved file moved back to the place that it had: never over another, never without its bytes."""

import contextlib
import errno
import os
import stat
from collections.abc import Sequence

from scripts.lib.output.attributes import keep_attributes
from scripts.lib.output.held_folder import CHUNK, digest_of
from scripts.lib.output.ledger import Own
from scripts.lib.output.placement import CANNOT_LINK, OutputFolder, flush_system
from scripts.lib.output.taking import held_parent


def give_back(folder: OutputFolder, files: Sequence[tuple[bytes, Own]]) -> list[str | None]:
    """Move files of ours to their sources' places; return why not, if not.

    The folders that led there are made again where they are gone. All places are on the disk before the
    first name in the output goes: one call for many files, which would wait for the disk one by one.
    """
    reasons = [_put_back(folder, path, file) for path, file in files]
    given = [each for each, reason in zip(files, reasons, strict=True) if reason is None]
    _flush({os.path.dirname(file.source) for _, file in given})
    for path, _ in given:
        folder.unlink(path)
    return reasons


def _put_back(folder: OutputFolder, path: bytes, file: Own) -> str | None:
    """Give a file of ours its source's place, beside its own; return why not, if not."""
    try:
        os.makedirs(os.path.dirname(file.source), exist_ok=True)
        folder.lead_out(path, file.source)
    except OSError as error:
        if error.errno not in CANNOT_LINK | {errno.EXDEV}:
            return _reason(error)
        try:
            _copy_back(folder, path, file)
        except OSError as copying:
            return _reason(copying)
    return None


def is_back(folder: OutputFolder, path: bytes, file: Own) -> bool:
    """Tell whether a file that was to be given back lies in its place, whatever of it is still here."""
    here, name = folder.lstat(path), os.path.basename(file.source)
    if here is None:
        return os.path.lexists(file.source)
    try:
        with held_parent(file.source) as parent:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if os.path.samestat(here, found):
                return folder.has_other_name(path, parent, name)
            if _is_reserved(file, found):
                return False
            return stat.S_ISREG(found.st_mode) and _digest(parent, name) == file.content == folder.digest(
                path
            )
    except OSError:
        return False


def clear_after_giving(folder: OutputFolder, path: bytes, file: Own, done: bool) -> None:
    """Take away what is left of a file that was given back (`done`), or was going to be."""
    with contextlib.suppress(OSError):
        if not done and _is_reserved(file, os.lstat(file.source)):
            os.unlink(file.source)
    with contextlib.suppress(OSError):
        os.unlink(_temporary(file))
    if done and folder.lstat(path) is not None:
        _flush({os.path.dirname(file.source)})
        folder.unlink(path)


def _is_reserved(file: Own, found: os.stat_result) -> bool:
    """Tell whether the former place has the empty file that is to be replaced by the temporary one."""
    try:
        temporary = os.lstat(_temporary(file))
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and not found.st_size and not os.path.samestat(found, temporary)


def _digest(parent: int, name: bytes) -> bytes:
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    try:
        return digest_of(fd, os.fstat(fd).st_size)
    finally:
        os.close(fd)


def _temporary(file: Own) -> bytes:
    """Return the path of the temporary file, beside its former place, by which a file is copied back."""
    parent = os.path.dirname(file.source)
    return os.path.join(parent, b".seriatim-%s.part" % file.content.hex()[:16].encode())


def _copy_back(folder: OutputFolder, path: bytes, file: Own) -> None:
    """Copy a file to its former place, on another file system, through a temporary file beside it."""
    temporary = _temporary(file)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)  # of an undo that was killed
    source = folder.open(path, os.O_RDONLY)
    try:
        copy = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _fill(copy, source, file)
        finally:
            os.close(copy)
        _name(temporary, file.source)
    finally:
        os.close(source)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _fill(copy: int, source: int, file: Own) -> None:
    found = os.fstat(source)
    while chunk := os.read(source, CHUNK):
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(copy, rest) :]
    if digest_of(copy, found.st_size) != file.content:
        raise OSError(errno.EIO, "what was copied back differs from the file")
    keep_attributes(copy, source)
    with contextlib.suppress(PermissionError):
        os.fchmod(copy, stat.S_IMODE(found.st_mode))
    os.utime(copy, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.fsync(copy)


def _name(temporary: bytes, path: bytes) -> None:
    """Give a file its name, over no other."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in CANNOT_LINK:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.rename(temporary, path)


def _flush(folders: set[bytes]) -> None:
    """Return when all that was made in folders, and above them, is on the disk; once for each file system."""
    flushed = set()
    for folder in sorted(folders):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            device = os.fstat(fd).st_dev
            if device not in flushed and flush_system(fd):
                flushed.add(device)
        finally:
            os.close(fd)


def _reason(error: OSError) -> str:
    if isinstance(error, FileExistsError):
        return "another file has its former place"
    return f"can't be moved back: {error.strerror}"
