"""File systems that no test can mount: one does not tell cases apart, one refuses some names."""

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

from scripts.lib.output import placement
from scripts.lib.output.naming.portable_names import folded, portable

Name = str | bytes


def without_cases(patch: pytest.MonkeyPatch) -> None:
    """Look every name in an opened folder up whatever its case, as Windows, macOS, FAT and SMB do."""
    listdir = os.listdir

    def found(name: Name, folder: int | None) -> Name:
        if folder is None:
            return name
        there = {folded(os.fsencode(each)): os.fsencode(each) for each in listdir(folder)}
        return there.get(folded(os.fsencode(name)), name)

    def one(call: Callable) -> Callable:
        def looked_up(name: Name, *rest: Any, **options: Any) -> Any:
            return call(found(name, options.get("dir_fd")), *rest, **options)

        return looked_up

    def two(call: Callable) -> Callable:
        def looked_up(name: Name, other: Name, **options: Any) -> Any:
            names = found(name, options.get("src_dir_fd")), found(other, options.get("dst_dir_fd"))
            return call(*names, **options)

        return looked_up

    def symlink(text: Name, name: Name, **options: Any) -> None:
        link(text, found(name, options.get("dir_fd")), **options)

    link = os.symlink
    patch.setattr(placement, "RENAMEAT2", None)  # which is not called through `os`
    patch.setattr(os, "symlink", symlink)
    for call in ("open", "stat", "unlink", "mkdir", "rmdir", "readlink"):
        patch.setattr(os, call, one(getattr(os, call)))
    for call in ("link", "rename"):
        patch.setattr(os, call, two(getattr(os, call)))


def refusing_names(patch: pytest.MonkeyPatch) -> None:
    """Refuse to make what Windows and exFAT would refuse, and what is no UTF-8."""

    def check(name: Name) -> None:
        name = os.fsencode(name)
        number = 0 if portable(name) == name else errno.EINVAL
        try:
            name.decode()
        except UnicodeDecodeError:
            number = errno.EILSEQ
        if number:
            raise OSError(number, os.strerror(number))

    link, create = os.link, os.open

    def picky_link(name: Name, other: Name, **options: Any) -> None:
        if options.get("dst_dir_fd") is not None:
            check(other)
        link(name, other, **options)

    def picky_open(name: Name, flags: int, *mode: int, **options: Any) -> int:
        if flags & os.O_CREAT:
            check(name)
        return create(name, flags, *mode, **options)

    patch.setattr(placement, "RENAMEAT2", None)
    patch.setattr(os, "link", picky_link)
    patch.setattr(os, "open", picky_open)
