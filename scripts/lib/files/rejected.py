"""The files that are not in the order, each with the reason."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from scripts.lib.files.content_ids import ids_array, positions_in
from scripts.lib.files.status import OK, UNREADABLE
from scripts.lib.files.taking import taken

COLUMNS = ["path", "kind", "status", "error"]


def rejected_table(inventory: pa.Table, ids: np.ndarray, failures: pa.Table) -> pa.Table:
    """Return every row of the inventory that has no place in the order, with the reason, by path.

    Parameters
    ----------
    inventory : table of schema `INVENTORY`
    ids : (c,) S32, ascending, the contents that are in the order
    failures : content_id, status, error of those that could not be embedded, ascending
    """
    passed = inventory.filter(pc.field("status") != OK).select(COLUMNS)
    files = inventory.filter(pc.field("status") == OK)
    contents = ids_array(files["content_id"])
    lost = np.flatnonzero(positions_in(ids, contents) < 0)
    why = positions_in(ids_array(failures["content_id"]), contents[lost])
    unknown = pa.array(why < 0)
    reasons = failures.take(pa.array(why, mask=why < 0))
    files = taken(files.select(COLUMNS), lost)
    unembedded = pa.table(
        {
            "path": files["path"],
            "kind": files["kind"],
            "status": pc.if_else(unknown, UNREADABLE, reasons["status"]),
            "error": pc.if_else(unknown, "was not embedded", reasons["error"]),
        }
    )
    both = pa.concat_tables([passed, unembedded])
    both = both.set_column(COLUMNS.index("error"), "error", both["error"].fill_null(""))
    return both.sort_by([(name, "ascending") for name in COLUMNS])


def summary(rejected: pa.Table) -> str:
    """Return how many were rejected, by kind and status, in words."""
    counts = Counter(zip(rejected["kind"].to_pylist(), rejected["status"].to_pylist(), strict=True))
    return ", ".join(f"{number} x {kind} {status}" for (kind, status), number in sorted(counts.items()))


def read_rejected(file: Path) -> pa.Table:
    """Read `rejected.csv`: `COLUMNS`, all of them text."""
    return pacsv.read_csv(
        file,
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.string())),
    )
