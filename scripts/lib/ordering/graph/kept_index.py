"""The index of a full search, kept so that a later run searches only what is new since then.

It only saves time. So one that is missing, truncated or of another kind is as good as none.
"""

import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.files.content_ids import ID_DTYPE
from scripts.lib.ordering.graph.candidates import Proposer
from scripts.lib.ordering.graph.indexes import packed, unpacked


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


def read_kept_index(path: Path) -> KeptIndex | None:
    """Read the kept index; None where there is none that can be used."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as fields:
            proposer = Proposer(unpacked(fields["index"]), int(fields["width"]))
            ids = fields["content_ids"]
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile):
        return None
    fits = ids.dtype == ID_DTYPE and proposer.index.ntotal == len(ids)
    return KeptIndex(proposer, ids) if fits else None
