"""Stage `copy`, before and after: are the sources there, and what was done, as a table."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.errors import InputError
from scripts.lib.files.originals import is_file
from scripts.lib.files.paths import readable
from scripts.lib.output.execute import CopySummary
from scripts.lib.output.targets import Wanted


def check_sources(wanted: Sequence[Wanted], allow_shrink: bool) -> None:
    """Refuse to touch the output when most of what it is to hold can't be found.

    Raises
    ------
    InputError
        when more than half of the sources are gone.
    """
    gone = [each.source for each in wanted if not is_file(each.source)]
    if 2 * len(gone) > len(wanted) and not allow_shrink:
        raise InputError(
            f"{len(gone):,} of {len(wanted):,} images to be copied are gone (the first is "
            f"{readable(gone[0])}). Is a disk not mounted? --config allow_shrink=true goes on; "
            "copy_mode=none needs no images."
        )


def copied_table(summary: CopySummary) -> pa.Table:
    """Return what became of each file of the order, by position."""
    files = summary.files
    return pa.table(
        {
            "position": pa.array([each.position for each in files], pa.int32()),
            "source": pa.array([each.source for each in files], pa.binary()),
            "target": pa.array([each.target for each in files], pa.binary()),
            "status": pa.array([each.status for each in files], pa.string()),
            "error": pa.array([each.error for each in files], pa.string()),
        }
    )


def has_copies(copied: Path) -> bool:
    """Tell whether a table says that anything was copied."""
    return bool(pq.read_metadata(copied).num_rows)
