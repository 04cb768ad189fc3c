"""What is known of contents, one value each, in parts: append-only, safe against kills and two writers.

Each part is an uncompressed Arrow file of content ids and values, read through a memory map. It is written
once, under the BLAKE3 of its bytes: the name is the checksum, and two writers never meet in one file. The
newest part wins where a content has a value in several.
"""

import errno
import os
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from scripts.lib.artifacts.atomic import publish
from scripts.lib.artifacts.disk import writing
from scripts.lib.artifacts.record import checksum
from scripts.lib.embedding.places import Places, joined, part_places
from scripts.lib.errors import DamagedArtifact, DiskError
from scripts.lib.files.content_ids import ids_array, ids_column

NAME_DIGITS = 32  # 128 bits of the checksum
PASSING = (errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ESTALE)


class Parts(ABC):
    """A folder of parts; what kind of values they hold says a subclass.

    Parameters
    ----------
    folder : of the parts
    schema : of every part: `content_id`, and a column of values
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder, self.schema = folder, schema

    @abstractmethod
    def column(self, values: np.ndarray) -> pa.Array:
        """Return values (m, ...) as a column of a part."""

    @abstractmethod
    def values(self, column: pa.Array) -> np.ndarray:
        """Return a column of a part as values (m, ...)."""

    def parts(self) -> list[Path]:
        """Return the part files, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(self.folder.glob("*.arrow"), key=lambda part: (_written(part), part.name))

    def places(self) -> Places:
        """Return where the value of each content lies; parts that can't be opened are set aside."""
        return joined(self.contents())

    def contents(self) -> list[Places]:
        """Return what each part holds, oldest first; parts that can't be opened are set aside."""
        found = []
        for part in self.parts():
            with suppress(DamagedArtifact):
                found.append(part_places(part.name, ids_array(self._open(part)["content_id"])))
        return found

    def check_writable(self) -> None:
        """Raise DiskError where no part could be written."""
        with self._temporary(0) as temporary:
            temporary.touch()

    def append(self, ids: np.ndarray, values: np.ndarray) -> str:
        """Write one part, flushed to the disk and under its final name; return that name.

        Parameters
        ----------
        ids : (n,) S32
        values : (n, ...)

        Raises
        ------
        DiskError
            when the disk does not take it; nothing of it is left then.
        """
        table = pa.Table.from_arrays([ids_column(ids), self.column(values)], schema=self.schema)
        with self._temporary(table.nbytes) as temporary:
            with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, self.schema) as out:
                out.write_table(table)
            name = f"{checksum(temporary)[:NAME_DIGITS]}.arrow"
            publish(temporary, self.folder / name)
        return name

    @contextmanager
    def _temporary(self, needed: int) -> Iterator[Path]:
        """Yield a name of its own for a file of so many bytes; what is left of it goes."""
        temporary = self.folder / f".{uuid.uuid4().hex}.tmp"
        with writing(self.folder, needed):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                yield temporary
            finally:
                temporary.unlink(missing_ok=True)

    def read(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a part's content ids (n,) S32 and values (n, ...), after checking its bytes.

        Raises
        ------
        DamagedArtifact
            when it is gone, or not what was written; then it is set aside.
        DiskError
            when it can't be read for now.
        """
        table = self._open(self.check(part))
        return ids_array(table["content_id"]), self.values(table.column(1).combine_chunks())

    def check(self, part: str) -> Path:
        """Return the file of a part, after checking its bytes; raises like `read`."""
        path = self.folder / part
        if not path.exists():
            raise _gone(path)
        if not is_intact(path):
            raise set_part_aside(path, "its bytes are not those that were written")
        return path

    def _open(self, path: Path) -> pa.Table:
        try:
            with _reading(path):
                table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        except FileNotFoundError as error:
            raise _gone(path) from error
        except (pa.ArrowException, OSError) as error:
            raise set_part_aside(path, f"it can't be opened ({error})") from error
        if not table.schema.equals(self.schema, check_metadata=True):
            raise set_part_aside(path, "what it holds is of another kind")
        return table


def is_intact(part: Path) -> bool:
    """Tell whether a part's bytes are those that its name was made from.

    Raises
    ------
    DiskError
        when it can't be read for now.
    """
    with _reading(part):
        return part.is_file() and checksum(part)[:NAME_DIGITS] == part.stem


@contextmanager
def _reading(part: Path) -> Iterator[None]:
    """Turn what says nothing of a part's bytes into an error that leaves it where it is."""
    try:
        yield
    except OSError as error:
        if error.errno in PASSING:
            raise DiskError(f"The part {part} can't be read: {os.strerror(error.errno)}.") from error
        raise


def _written(part: Path) -> int:
    """Return when a part was written, in ns; 0 where another process has just set it aside."""
    try:
        return part.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _gone(part: Path) -> DamagedArtifact:
    return DamagedArtifact(f"The part {part} is gone.")


def set_part_aside(part: Path, reason: str) -> DamagedArtifact:
    """Rename a bad part to `*.damaged` and return the error that says so."""
    with writing(part), suppress(FileNotFoundError):  # another process has found it, too
        os.replace(part, part.with_name(f"{part.name}.damaged"))
    return DamagedArtifact(f"The part {part} was set aside as *.damaged: {reason}.")
