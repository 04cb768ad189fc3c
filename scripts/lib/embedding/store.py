"""The embedding store, shared by collections: `{store}/{fingerprint}/` holds the vectors of one model."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from scripts.lib.embedding.parts import Parts
from scripts.lib.files.content_ids import ID_TYPE


class Store(Parts):
    """The vectors of one model.

    Parameters
    ----------
    folder : the folder of all stores
    fingerprint : names the model, its weights and its preprocessing
    dimension : of every vector
    dtype : float16 or float32, of every vector
    """

    def __init__(self, folder: Path, fingerprint: str, dimension: int, dtype: str) -> None:
        self.dimension, self.dtype = dimension, np.dtype(dtype)
        fields = [
            ("content_id", ID_TYPE),
            ("vector", pa.list_(pa.from_numpy_dtype(self.dtype), dimension)),
        ]
        super().__init__(folder / fingerprint, pa.schema(fields, metadata={"fingerprint": fingerprint}))

    def column(self, values: np.ndarray) -> pa.Array:
        """Return vectors (m, dimension), any float type, as a column of a part."""
        flat = pa.array(np.ascontiguousarray(values, self.dtype).ravel())
        return pa.FixedSizeListArray.from_arrays(flat, self.dimension)

    def values(self, column: pa.Array) -> np.ndarray:
        """Return a column of a part as vectors (m, dimension)."""
        vectors: np.ndarray = column.flatten().to_numpy()
        return vectors.reshape(len(column), self.dimension)
