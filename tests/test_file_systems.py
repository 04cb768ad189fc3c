"""The file system of a path, against what others say of it."""

import os
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest

from scripts.lib.output.naming import file_systems
from scripts.lib.output.naming.file_systems import file_system_of, needs_portable_names

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's list of mounts")

MOUNTED = rb"""22 27 0:21 / /proc rw,relatime shared:5 - proc proc rw
27 1 8:1 / / rw,noatime - ext4 /dev/root rw
31 27 8:17 / /media/My\040Stick\134x rw master:1 propagate_from:2 - vfat /dev/sdb1 rw,utf8
312 27 8:18 / /media/vfat\040-\040disk rw - fuseblk /dev/sdb2 rw
"""


@linux
def test_mounts_that_are_always_there() -> None:
    assert file_system_of("/proc/self") == "proc"
    assert file_system_of("/sys") == "sysfs"


@linux
def test_types_are_those_of_the_mounts() -> None:
    """Mount points that are used twice, or were hidden by a later mount, say nothing."""
    mounts = psutil.disk_partitions(all=True)
    points = Counter(mount.mountpoint for mount in mounts)
    seen = [m for m in mounts if points[m.mountpoint] == 1 and os.path.ismount(m.mountpoint)]
    assert seen
    for mount in seen:
        assert file_system_of(mount.mountpoint) == mount.fstype, mount


@linux
def test_what_is_not_there_yet_lies_where_its_parent_does(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc/self")
    (tmp_path / "dangling").symlink_to("/proc/nowhere/deep")
    os.mkfifo(tmp_path / "pipe")
    here = file_system_of(tmp_path)
    assert here is not None
    for below in ("a/b/c", "pipe", "pipe/x", "x" * 300, "ü ' \n", "new/../old"):
        assert file_system_of(tmp_path / below) == here, below
    assert file_system_of(tmp_path / "link" / "x") == file_system_of(tmp_path / "dangling") == "proc"
    assert sorted(os.listdir(tmp_path)) == ["dangling", "link", "pipe"]


@linux
def test_relative_paths_are_below_the_working_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/proc")
    assert file_system_of("sorted") == file_system_of(Path("a/b")) == "proc"


@pytest.mark.parametrize(("mount", "kind"), [(22, "proc"), (27, "ext4"), (31, "vfat"), (312, "fuseblk")])
def test_lines_are_told_by_their_number(mount: int, kind: str) -> None:
    assert file_systems._type_of(mount, MOUNTED) == kind
    assert file_systems._type_of(mount + 1000, MOUNTED) is None


def test_paths_that_can_not_be_are_on_no_file_system() -> None:
    assert file_system_of("a\0b") is None


def test_without_a_list_of_mounts_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(file_systems, "MOUNTS", str(tmp_path / "none"))
    assert file_system_of(tmp_path) is None
    assert not needs_portable_names(tmp_path)


@pytest.mark.parametrize("kind", ["vfat", "exfat", "ntfs3", "fuseblk", "cifs", "smb3"])
def test_those_of_windows_need_portable_names(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_systems, "file_system_of", lambda _: kind)
    assert needs_portable_names("/media/stick")


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "xfs", "tmpfs", "nfs4", "apfs", None])
def test_others_take_any_name(kind: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_systems, "file_system_of", lambda _: kind)
    assert not needs_portable_names("/home/me")
