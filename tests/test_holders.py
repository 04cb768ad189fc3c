"""Which files hold a content."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from scripts.lib.files.holders import holders_of, usable_contents
from scripts.lib.files.scan import inventory_table
from tests.test_order import row
from tests.test_places import identified


def test_each_content_has_its_usable_files_in_order(tmp_path: Path) -> None:
    files = [
        row("a.jpg", 2),
        row("b.jpg", 0),
        row("bad.jpg", None, "unreadable", "gone"),
        row("c.jpg", 2),
        row("d.jpg", 1),
        row("e.jpg", 2, "too large", "declares too much"),
    ]
    pq.write_table(inventory_table(files), tmp_path / "i.parquet")
    holders = holders_of(tmp_path / "i.parquet", identified(1, 3, 7))
    assert [holders[i] for i in range(len(holders))] == [[b"b.jpg"], [b"a.jpg", b"c.jpg"], []]
    assert len(holders_of(tmp_path / "i.parquet", identified())) == 0
    assert np.array_equal(usable_contents(tmp_path / "i.parquet"), identified(1, 2, 3))
