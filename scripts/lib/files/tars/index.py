"""Which images a tar holds, and where: made once of its headers, and kept in a side file.

A tar is as if it were a folder. What leads out of it is not taken: absolute names, names with `..`, links to
anything but a member before them. Of members of one name the last counts, as when it is unpacked.
"""

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, TypeVar

import pyarrow as pa

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.files.paths import absolute
from scripts.lib.files.tars.headers import SPARSE, DamagedTar, Entry, entries
from scripts.lib.files.tars.members import INDEX_FOLDER
from scripts.lib.images.formats import EXTENSIONS

VERSION = b"1"
REGULAR, HARD_LINK, SYMBOLIC_LINK, DIRECTORY = (b"0", b"\0", b"7"), b"1", b"2", b"5"
ROWS = 4096  # of an index at a time
COLUMNS = pa.schema(
    [
        ("name", pa.large_binary()),  # ascending
        ("start", pa.int64()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("mode", pa.int32()),
        ("lost", pa.string()),  # why it can't be taken; null if it can
    ]
)


class Member(NamedTuple):
    """An image in a tar: where its bytes are, and what else the header says."""

    start: int
    size: int
    mtime_ns: int
    mode: int


Item = TypeVar("Item")


class TarIndex:
    """The images of a tar by their names.

    Parameters
    ----------
    table : of schema `COLUMNS`; the metadata say of which state of the tar, and what is wrong
    is_kept : whether the side file says so
    """

    def __init__(self, table: pa.Table, is_kept: bool = False) -> None:
        self.table, self.is_kept = table, is_kept
        self._columns = [_in_one_piece(column) for column in table.columns]
        self.damage = (table.schema.metadata or {}).get(b"damage", b"").decode() or None

    def find(self, name: bytes) -> Member | None:
        """Return the image of a name, None if there is none that can be taken."""
        names, low, high = self._columns[0], 0, len(self.table)
        while low < high:
            middle = (low + high) // 2
            if names[middle].as_py() < name:
                low = middle + 1
            else:
                high = middle
        if low == len(self.table) or names[low].as_py() != name:
            return None
        member, lost = self._at(low)
        return None if lost else member

    def __iter__(self) -> Iterator[tuple[bytes, Member, str | None]]:
        """Yield the name of each image, where it is, and why it can't be taken, if so."""
        for batch in self.table.to_batches(ROWS):
            for name, start, size, mtime_ns, mode, lost in zip(*map(pa.Array.to_pylist, batch), strict=True):
                yield name, Member(start, size, mtime_ns, mode), lost

    def _at(self, row: int) -> tuple[Member, str | None]:
        start, size, mtime_ns, mode, lost = (column[row].as_py() for column in self._columns[1:])
        return Member(start, size, mtime_ns, mode), lost


def _in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def index_tar(fd: int, found: os.stat_result) -> TarIndex:
    """Read the headers of an open tar.

    found : of it, as it is now
    """
    members: dict[bytes, tuple[Member, str | None]] = {}
    damage, state = b"", state_of(found)
    try:
        for entry in entries(fd, found.st_size):
            name = inside(entry.name)
            if entry.kind != DIRECTORY and not entry.name.endswith(b"/"):
                members[entry.name if name is None else name] = _taken(entry, name, members)
    except DamagedTar as error:
        damage = str(error).encode(errors="backslashreplace")
    except OSError as error:
        damage, state = f"can't be read to its end: {error.strerror}".encode(), {}  # which may pass
    rows = sorted((name, *member, lost) for name, (member, lost) in members.items() if _is_image(name))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
    arrays = [pa.array(each, field.type) for each, field in zip(columns, COLUMNS, strict=True)]
    table = pa.Table.from_arrays(arrays, schema=COLUMNS)
    return TarIndex(table.replace_schema_metadata({**state, b"damage": damage}))


def state_of(found: os.stat_result) -> dict[bytes, bytes]:
    """Return what tells one state of a tar from another."""
    return {b"version": VERSION, b"size": b"%d" % found.st_size, b"mtime_ns": b"%d" % found.st_mtime_ns}


def inside(name: bytes) -> bytes | None:
    """Return the name of a member in its shortest form; None for one that would lead out of its folder."""
    if b"./" in name or b"//" in name or b".." in name or name[:1] == b"/" or b"\0" in name:
        parts = [part for part in name.split(b"/") if part not in (b"", b".")]
        if name[:1] == b"/" or b".." in parts or b"\0" in name:
            return None
        return b"/".join(parts)
    return name


def _taken(
    entry: Entry, name: bytes | None, before: dict[bytes, tuple[Member, str | None]]
) -> tuple[Member, str | None]:
    """Return where an entry's bytes are, and why it can't be taken, if so."""
    own = Member(entry.start, entry.size, entry.mtime_ns, entry.mode)
    if name is None:
        return own, "its name leads out of the tar"
    if entry.kind == HARD_LINK:
        target = inside(entry.link)
        return before.get(target or b"", (own, "a link to what is not before it in the tar"))
    if entry.kind in REGULAR:
        return own, None
    if entry.kind == SPARSE:
        return own, "a sparse file, of which only parts are in the tar: unpack the tar"
    return (
        own,
        "a link, which is not followed in a tar" if entry.kind == SYMBOLIC_LINK else "not a regular file",
    )


def _is_image(name: bytes) -> bool:
    """Tell whether a member has the extension of an image or a video."""
    return os.fsdecode(os.path.splitext(name)[1].lower()) in EXTENSIONS


def kept_index(tar: bytes, found: os.stat_result) -> TarIndex | None:
    """Return what the side file says of this state of a tar, None where there is none of it."""
    file = side_file(tar)
    if file is None:
        return None
    try:
        with pa.memory_map(str(file)) as source:
            table = pa.ipc.open_file(source).read_all()
    except (OSError, pa.ArrowException):
        return None
    wanted, metadata = state_of(found), table.schema.metadata or {}
    fits = table.schema.equals(COLUMNS) and all(metadata.get(key) == wanted[key] for key in wanted)
    return TarIndex(table, is_kept=True) if fits else None


def keep_index(tar: bytes, index: TarIndex) -> None:
    """Write the side file of a tar, if there is a folder for such."""
    file = side_file(tar)
    if file is not None:
        with (
            replacing(file) as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, index.table.schema) as writer,
        ):
            writer.write_table(index.table)
        index.is_kept = True


def forget_others(tars: set[bytes]) -> None:
    """Remove the side files of all tars but some."""
    folder = os.environ.get(INDEX_FOLDER)
    if folder and os.path.isdir(folder):
        kept = {side_file(tar) for tar in tars}
        for file in Path(folder).iterdir():
            if file not in kept:
                file.unlink(missing_ok=True)


def side_file(tar: bytes) -> Path | None:
    """Return the side file of a tar, whether it is there or not; None if none are kept."""
    folder = os.environ.get(INDEX_FOLDER)
    return Path(folder, f"{blake2b(absolute(tar), digest_size=16).hexdigest()}.arrow") if folder else None
