"""Lists of files: plain ones with a path a line, and tables with a column of paths.

What our own stages write can be read, too: `order.txt`, `inventory.parquet`, `order.parquet`, `order.csv`,
`collection.parquet`. These have paths as the working folder sees them, and some as text, which can't hold all
bytes. So each path comes in several readings, of which the first that is there counts.
"""

import os
import re
from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from scripts.lib.errors import InputError
from scripts.lib.files.paths import readable

COLUMNS = ("path_bytes", "path", "image_path", "absolute_path", "file_name")  # the first there is is read
LONGEST = 1 << 16  # bytes of a line; a path has 4,096 at most
ROWS = 1 << 16
ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16


def paths_in(source: bytes) -> Iterator[bytes]:
    """Yield the paths of a list or table as they stand there, without blank lines and nulls.

    Raises
    ------
    InputError
        when it can't be read to its end, or has no column of paths.
    """
    try:
        if source.lower().endswith(b".parquet"):
            yield from _column_paths(_parquet_columns(source))
        elif source.lower().endswith(b".csv"):
            yield from _column_paths(_csv_columns(source))
        else:
            yield from _lines(source)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"The list {readable(source)} can't be read to its end ({error}).") from error


def _lines(source: bytes) -> Iterator[bytes]:
    with open(source, "rb") as stream:
        start = stream.read(3)
        if start.startswith(MARKS):
            raise InputError(f"The list {readable(source)} is in UTF-16. Write it in UTF-8, one path a line.")
        stream.seek(3 if start == b"\xef\xbb\xbf" else 0)
        ends = b"\r\n" if stream.readline(LONGEST).endswith(b"\r\n") else b"\n"
        stream.seek(3 if start == b"\xef\xbb\xbf" else 0)
        for number, line in enumerate(iter(partial(stream.readline, LONGEST), b""), start=1):
            if len(line) == LONGEST:
                raise InputError(
                    f"Line {number:,} of {readable(source)} has {LONGEST:,} bytes and more. Is it a list of "
                    "paths, one a line?"
                )
            path = line.removesuffix(b"\n")
            path = path.removesuffix(b"\r") if ends == b"\r\n" else path
            if path:
                yield path


def _parquet_columns(source: bytes) -> Iterator[pa.Array]:
    with pq.ParquetFile(os.fsdecode(source)) as file:
        name = _name_of(source, file.schema_arrow.names)
        for batch in file.iter_batches(ROWS, columns=[name]):
            yield batch[name]


def _csv_columns(source: bytes) -> Iterator[pa.Array]:
    parse = pacsv.ParseOptions(newlines_in_values=True)
    with pacsv.open_csv(os.fsdecode(source), parse_options=parse) as reader:
        name = _name_of(source, reader.schema.names)
    only = pacsv.ConvertOptions(column_types={name: pa.binary()}, include_columns=[name])
    with pacsv.open_csv(os.fsdecode(source), parse_options=parse, convert_options=only) as reader:
        for batch in reader:
            yield batch[name]


def _name_of(source: bytes, names: Sequence[str]) -> str:
    for name in COLUMNS:
        if name in names:
            return name
    raise InputError(
        f"The table {readable(source)} has no column of paths: it has {', '.join(names)}, and one of "
        f"{', '.join(COLUMNS)} is needed."
    )


def _column_paths(columns: Iterator[pa.Array]) -> Iterator[bytes]:
    for column in columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_null(column.type):
            continue
        for path in pc.drop_null(column.cast(pa.large_binary())).to_pylist():
            if path:
                yield path


def readings_of(path: bytes) -> Iterator[bytes]:
    r"""Yield what a path in a list may mean: itself, or what our own files write in its place.

    Those are `\n` for a line break in lists, and in text `\xNN` for bytes that are not UTF-8, and `'` before
    what a spreadsheet would take for a formula.
    """
    yield path
    if rb"\n" in path:
        yield path.replace(rb"\n", b"\n")
    if rb"\x" in path:
        yield ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), path)
    if path.startswith(b"'"):
        yield path[1:]
