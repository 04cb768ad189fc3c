"""A disk that takes no more is told by path, reason, room and remedy; other errors stay what they are."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from scripts.lib.artifacts import disk
from scripts.lib.artifacts.atomic import replacing
from scripts.lib.artifacts.disk import as_disk_error, writing
from scripts.lib.errors import DiskError
from scripts.lib.files.hashes import hash_cache


def failing(number: int, name: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), name) if name else OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("number", "reason", "remedy"),
    [
        (errno.ENOSPC, "its disk is full", "Make room there"),
        (errno.EDQUOT, "quota", "Make room there"),
        (errno.EFBIG, "takes no file that large", "another disk"),
        (errno.EROFS, "read-only", "Mount it for writing"),
        (errno.EACCES, "permission was denied", "Get the right to write"),
    ],
)
def test_the_reason_and_what_to_do_are_told(tmp_path: Path, number: int, reason: str, remedy: str) -> None:
    with pytest.raises(DiskError) as told, writing(tmp_path / "a.npy", 2_500_000):
        raise failing(number)
    for expected in (str(tmp_path / "a.npy"), reason, remedy, "run the same command again"):
        assert expected in str(told.value)
    assert ("2.5 MB needed" in str(told.value)) == (remedy == "Make room there")
    assert "\n" not in str(told.value)


def test_a_file_that_is_written_atomically_leaves_nothing_where_the_disk_is_full(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("former")
    with (
        pytest.raises(DiskError, match=f"{tmp_path}/a can't be written"),
        replacing(tmp_path / "a") as temporary,
    ):
        temporary.write_text("half")
        raise failing(errno.ENOSPC)
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "former"


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EIO, errno.EINVAL])
def test_errors_of_another_kind_are_left_alone(tmp_path: Path, number: int) -> None:
    with pytest.raises(OSError, match=os.strerror(number)), writing(tmp_path / "a"):
        raise failing(number)
    error = failing(number)
    assert as_disk_error(error) is error
    assert as_disk_error(ValueError("no")).args == ("no",)


def test_a_denial_counts_where_it_is_about_what_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    for name in (folder / ".x.tmp", folder, tmp_path / "a"):
        with pytest.raises(DiskError), writing(folder / "x"):
            raise failing(errno.EACCES, str(name))
    with pytest.raises(PermissionError), writing(folder / "x"):
        raise failing(errno.EACCES, "/photos/private.jpg")
    error = failing(errno.EACCES, "/photos/private.jpg")
    assert as_disk_error(error) is error


def test_numpys_short_write_is_a_full_disk_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = OSError("40000 requested and 8176 written")
    with pytest.raises(OSError, match="8176 written"), writing(tmp_path / "a"):
        raise short
    monkeypatch.setattr(disk, "_free", lambda path: 0)
    with pytest.raises(DiskError, match=r"full \(0.0 MB free\)"), writing(tmp_path / "a"):
        raise short


def test_a_database_that_can_not_grow_is_a_full_disk(tmp_path: Path) -> None:
    told = r"hashes\.sqlite can't be written: its disk is full"
    with pytest.raises(DiskError, match=told), hash_cache(tmp_path / "hashes.sqlite") as cache:
        pages = cache.connection.execute("PRAGMA page_count").fetchone()[0]
        cache.connection.execute(f"PRAGMA max_page_count = {pages}")
        cache.connection.execute("INSERT INTO files (path, root) VALUES (zeroblob(99999), '')")
    with pytest.raises(sqlite3.OperationalError), hash_cache(tmp_path / "hashes.sqlite") as cache:
        cache.connection.execute("SELECT nothing FROM files")


def test_what_nobody_explained_is_told_by_the_path_that_it_names(tmp_path: Path) -> None:
    told = as_disk_error(failing(errno.ENOSPC, str(tmp_path / "a")))
    assert isinstance(told, DiskError)
    assert f"{tmp_path}/a can't be written" in str(told)
    nameless = as_disk_error(failing(errno.ENOSPC))
    assert isinstance(nameless, DiskError)
    assert str(Path.cwd()) in str(nameless)
