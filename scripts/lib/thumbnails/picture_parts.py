"""The parts that pictures lie in: side files of a collection, so that none is made twice.

`thumbnails/{version}-{side}/` holds pictures of one size; those of another begin a folder of their own.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from scripts.lib import versions
from scripts.lib.embedding.parts import Parts
from scripts.lib.files.content_ids import ID_TYPE

FOLDER = "thumbnails"  # beside the table
MOST = 4096  # pictures of a part, twenty megabytes


class PictureParts(Parts):
    """Pictures of one size: files as bytes, of any length.

    Parameters
    ----------
    folder : `thumbnails`, of all sizes
    side : pixels of the longer side
    """

    def __init__(self, folder: Path, side: int) -> None:
        kind = f"{versions.THUMBNAILS}-{side}"
        fields = [("content_id", ID_TYPE), ("picture", pa.large_binary())]
        super().__init__(folder / kind, pa.schema(fields, metadata={"kind": kind}))

    def column(self, values: np.ndarray) -> pa.Array:
        """Return files (m,) of Python's bytes as a column of a part."""
        return pa.array(values.tolist(), pa.large_binary())

    def values(self, column: pa.Array) -> np.ndarray:
        """Return a column of a part as files (m,) of Python's bytes."""
        files: np.ndarray = column.to_numpy(zero_copy_only=False)
        return files
