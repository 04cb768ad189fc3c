"""Tables with a column of paths, Parquet or CSV; their other columns are not read."""

import os
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from scripts.lib.errors import InputError
from scripts.lib.files.paths import readable

COLUMNS = ("path_bytes", "path", "image_path", "absolute_path", "file_name")  # the first there is is read
ROWS = 1 << 16  # at a time


def paths_in_table(source: bytes) -> Iterator[bytes]:
    """Yield the paths of a table, without blank ones and nulls.

    Raises
    ------
    InputError
        when it is no table, can't be read to its end, or has no column of paths.
    """
    is_parquet = source.lower().endswith(b".parquet")
    try:
        yield from _column_paths((_parquet_columns if is_parquet else _csv_columns)(source))
    except pa.ArrowException as error:
        raise InputError(f"The table {readable(source)} can't be read to its end ({error}).") from error


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
