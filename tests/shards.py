"""Tars for tests, as webdataset and others write them, and some that nobody should."""

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conftest import picture

TIME = 1_600_000_000


def jpeg(seed: int, size: tuple[int, int] = (48, 32)) -> bytes:
    """Return a small JPEG file; equal seeds give equal bytes."""
    stream = io.BytesIO()
    picture(seed, size).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", **more: object) -> tarfile.TarInfo:
    """Return the header of a member that is not a plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mtime = kind, link, TIME
    for key, value in more.items():
        setattr(info, key, value)
    return info


Members = Mapping[str, bytes] | Sequence[tuple[str | tarfile.TarInfo, bytes]]


def write_tar(path: Path, members: Members, format: int = tarfile.PAX_FORMAT) -> Path:
    """Write a tar of members, by name or by header, in their order; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs = members.items() if isinstance(members, Mapping) else members
    with tarfile.open(path, "w", format=format) as tar:
        for name, data in pairs:
            info = entry(name) if isinstance(name, str) else name
            info.size = len(data) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(data))
    return path


def write_shard(path: Path, count: int, first: int = 0) -> Path:
    """Write a tar as webdataset has them: of each sample an image, its caption and its metadata."""
    members = {}
    for seed in range(first, first + count):
        members |= {f"{seed:04d}.jpg": jpeg(seed), f"{seed:04d}.json": b"{}", f"{seed:04d}.txt": b"a boat"}
    return write_tar(path, members)
