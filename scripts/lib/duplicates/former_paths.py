"""The paths of files as a scan found them before they were moved into an output folder.

A moved file is called after its place in the order there, which changes. What is proposed, protected and
decided of duplicates is not to change with it, so all of that goes by former paths.
"""

import os
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from scripts.lib.files.listed import originals_named
from scripts.lib.files.paths import absolute, readable
from scripts.lib.files.walk import Tree


def with_former_paths(files: pa.Table, tree: Tree) -> pa.Table:
    """Return the inventory with a column `former`, binary, and with the text of that as `path`.

    files : rows of the inventory; `path_bytes` stays what is opened
    tree : what the scan reads, and what was moved of it
    """
    former, text = files["path_bytes"], files["path"]
    if tree.moved:
        rows = pc.index_in(former, value_set=pa.array(tree.moved.keys(), pa.binary()))
        listed = originals_named(tree.roots)
        paths = [listed.get(origin) or _as_scanned(origin, tree.roots) for origin in tree.moved.values()]
        former = pc.coalesce(pa.array(paths, pa.binary()).take(rows), former)
        text = pc.coalesce(pa.array([readable(path) for path in paths], pa.string()).take(rows), text)
    place = files.schema.get_field_index("path")
    return files.set_column(place, "path", text).append_column("former", former)


def _as_scanned(origin: bytes, roots: Sequence[bytes]) -> bytes:
    """Return an absolute path as a scan of the folders names it: by the folder as the user did."""
    for root in roots:
        home = absolute(root).rstrip(b"/") + b"/"
        if origin.startswith(home):
            return os.path.join(root, origin[len(home) :])
    return origin
