"""The image that the user wants the order to begin with, found by its name."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.errors import InputError
from scripts.lib.files.status import OK

NAMED = 5  # candidates in a message


def starting_row(
    inventory: pa.Table, ids: npt.NDArray[np.bytes_], rows: npt.NDArray[np.int32], wanted: str
) -> int:
    """Return the row of the image that a path, or the end of one, names.

    ids, rows : (c,) S32 and (c,) int32, the contents that have a vector, and where it is

    Raises
    ------
    InputError
        when there is no such image, or no vector of it.
    """
    found = rows[ids == np.bytes_(starting_content(inventory, wanted))]
    if not len(found):
        raise InputError(f"order_start: {wanted} could not be embedded; rejected.csv says why.")
    return int(found[0])


def starting_content(inventory: pa.Table, wanted: str) -> bytes:
    """Return the content id of the image that a path, or the end of one, names.

    Raises
    ------
    InputError
        when no usable file has such a path, or files of different content do.
    """
    paths = inventory["path"]
    ending = wanted if wanted.startswith("/") else f"/{wanted}"
    named = pc.or_(pc.equal(paths, wanted), pc.ends_with(paths, ending))
    exact = pc.equal(paths, wanted)
    files = inventory.filter(exact if pc.any(exact).as_py() else named)
    usable = files.filter(pc.field("status") == OK)
    contents = set(usable["content_id"].to_pylist())
    if len(contents) == 1:
        return bytes(contents.pop())
    raise InputError(f"order_start: {_what_is_wrong(wanted, usable, files)}")


def _what_is_wrong(wanted: str, usable: pa.Table, files: pa.Table) -> str:
    if len(usable):
        names = _listed(usable["path"].to_pylist())
        return f"several images are called {wanted}: {names}; give more of the path."
    if len(files):
        first = files.slice(0, 1).to_pylist()[0]
        return f"{first['path']} is {first['status']} ({first['error']}), so nothing can begin with it."
    return f"there is no image {wanted}; give its path as it stands in inventory.parquet, or the end of it."


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more
