"""The index of a full search, kept so that a later run searches only what is new since then.

It only saves time. So one that is missing, truncated or of another kind is as good as none.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.ordering.graph.candidates import Proposer, on_device
from scripts.lib.ordering.graph.indexes import packed, streamed


class KeptIndex(NamedTuple):
    """An index, and whose vectors are in it.

    ids : (n,) S32, a content id of each of its rows
    """

    proposer: Proposer
    ids: npt.NDArray[np.bytes_]


def write_kept_index(path: Path, kept: KeptIndex) -> None:
    """Replace the kept index in one step."""
    with replacing(path) as temporary, temporary.open("wb") as stream:
        index = packed(kept.proposer.index)
        np.savez(stream, index=index, width=np.array(kept.proposer.width), content_ids=kept.ids)


def read_kept_index(path: Path, to_device: Callable[[Any], Any] = on_device) -> KeptIndex | None:
    """Read the kept index; None where there is none that can be used.

    to_device : moves it to where it is searched
    """
    try:
        with zipfile.ZipFile(path) as fields:
            proposer = Proposer(to_device(_index(fields)), int(_array(fields, "width")))
            ids = _array(fields, "content_ids")
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile):
        return None
    fits = ids.dtype == ID_DTYPE and proposer.index.ntotal == len(ids)
    return KeptIndex(proposer, ids) if fits else None


def _index(fields: zipfile.ZipFile) -> Any:
    """Read the index, an array of bytes in NumPy's format."""
    with fields.open("index.npy") as stream:
        np.lib.format.read_magic(stream)
        np.lib.format.read_array_header_1_0(stream)
        return streamed(stream.read)


def _array(fields: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    with fields.open(f"{name}.npy") as stream:
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array
