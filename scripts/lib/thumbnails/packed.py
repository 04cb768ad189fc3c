"""Pictures by content id, for viewers: the table in memory, the pictures on the disk.

A picture is read from its part, which is not mapped: pages of a mapping count as memory of the process,
and a million pictures have five gigabytes. Nor does a part that is cut short meanwhile end the viewer, as it
would by a signal.
"""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.files.content_ids import CONTENT_ID_BYTES, ID_DTYPE, ids_array
from scripts.lib.thumbnails import thumbnail
from scripts.lib.thumbnails.picture_parts import FOLDER

MEDIA_TYPE = thumbnail.MEDIA_TYPE  # of every picture
OPEN_PARTS = 256  # at a time; each is a file descriptor and 32 kB
ROWS = 1 << 16  # of the table that are read at a time


def write_packed(table: pa.Table, target: Path) -> None:
    """Write the table of thumbnails so that little more than a viewer keeps of it is read at a time."""
    pq.write_table(table, target, row_group_size=ROWS, use_dictionary=["status", "error", "part"])


class PackedThumbnails:
    """The pictures of a collection; any number of threads may ask for them.

    A viewer that has the table open while a run replaces parts misses the pictures of those that it has not
    yet opened, until it opens the new table.

    Parameters
    ----------
    folder : of the parts
    ids : (n,) S32, ascending
    parts : (n,) int32, rows of `names`
    rows : (n,) int32, within the part
    names : of the parts, below the folder
    """

    def __init__(
        self, folder: Path, ids: np.ndarray, parts: np.ndarray, rows: np.ndarray, names: list[str]
    ) -> None:
        self.ids, self.parts, self.rows, self.names = ids, parts, rows, names
        self._folder = folder
        self._part = lru_cache(OPEN_PARTS)(self._opened)

    @classmethod
    def open(cls, table: Path) -> "PackedThumbnails":
        """Read `thumbnails.parquet`, 40 bytes a picture.

        Raises
        ------
        OSError, pyarrow.ArrowException
            when it can't be read.
        """
        with pq.ParquetFile(table, read_dictionary=["part"]) as file:
            count, number = file.metadata.num_rows, dict[str, int]()
            ids, parts, rows = np.empty(count, ID_DTYPE), np.empty(count, np.int32), np.empty(count, np.int32)
            end = 0
            for batch in file.iter_batches(ROWS, columns=["content_id", "part", "row"], use_threads=False):
                batch = batch.filter(batch["row"].is_valid())
                start, end = end, end + len(batch)
                ids[start:end] = ids_array(batch["content_id"])
                parts[start:end] = _numbered(batch["part"], number)
                rows[start:end] = batch["row"].to_numpy()
        pa.default_memory_pool().release_unused()
        return cls(table.parent / FOLDER, ids[:end], parts[:end], rows[:end], list(number))

    def __len__(self) -> int:
        return len(self.ids)

    def get(self, content_id: bytes) -> bytes | None:
        """Return the picture of a content as a file of type `MEDIA_TYPE`.

        None if it has none, or the part in which it lies is gone or not what it was: `make verify` finds
        such a part, and the next run of `dashboard_data` makes its pictures again.
        """
        if len(content_id) != CONTENT_ID_BYTES or not len(self.ids):
            return None
        key = np.frombuffer(content_id, ID_DTYPE)[0]
        place = min(int(np.searchsorted(self.ids, key)), len(self.ids) - 1)
        if self.ids[place] != key:
            return None
        try:
            return self._part(int(self.parts[place])).read(int(self.rows[place]), content_id)
        except (OSError, pa.ArrowException, LookupError):
            return None

    def _opened(self, number: int) -> "_Part":
        return _Part(self._folder / self.names[number])


def lost_parts(table: Path) -> int:
    """Return how many parts are gone in which a table says that pictures lie."""
    names = pq.read_table(table, columns=["part"])["part"].unique().to_pylist()
    return sum(not (table.parent / FOLDER / name).exists() for name in names if name)


def _numbered(names: pa.DictionaryArray, number: dict[str, int]) -> np.ndarray:
    """Return a column of names as numbers (m,) int32, which new names are given."""
    known = [number.setdefault(name, len(number)) for name in names.dictionary.to_pylist()]
    numbers: np.ndarray = np.array(known, np.int32)[names.indices.to_numpy()]
    return numbers


class _Part:
    """An opened part: where in the file its ids begin, and each picture begins and ends.

    ids : int, in bytes of the file
    bounds : (m + 1,) int64, likewise
    """

    def __init__(self, path: Path) -> None:
        with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as file:
            batch = file.get_batch(0)
            batch.validate(full=True)
            mapped.seek(0)
            begin = mapped.read_buffer().address
            _, ids = batch["content_id"].buffers()
            _, offsets, pictures = batch["picture"].buffers()
            self.ids = ids.address - begin
            self.bounds = np.frombuffer(offsets, np.int64, len(batch) + 1) + (pictures.address - begin)
        self.descriptor = os.open(path, os.O_RDONLY)

    def read(self, row: int, content_id: bytes) -> bytes:
        """Return the picture in a row. Raises LookupError if it is not that of the content."""
        start, stop = self.bounds[row : row + 2].tolist()
        picture = os.pread(self.descriptor, stop - start, start)
        known = os.pread(self.descriptor, CONTENT_ID_BYTES, self.ids + row * CONTENT_ID_BYTES)
        if known != content_id or len(picture) < stop - start:
            raise LookupError(row)
        return picture

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)
