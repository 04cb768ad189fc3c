"""Every file is in the order or rejected, with a reason."""

import pyarrow as pa
import pytest

from scripts.lib.embedding.manifest import Failed, manifest_table
from scripts.lib.embedding.places import NOWHERE
from scripts.lib.files.rejected import COLUMNS, rejected_table, summary
from scripts.lib.files.scan import Row, inventory_table
from scripts.lib.files.status import UNDECODABLE, UNREADABLE
from tests.test_order import CONTENTS, FILES, identified, items, ordered, row


def failures(*failed: Failed) -> pa.Table:
    ids = identified(*sorted(each.content_id[0] - 1 for each in failed))
    table = manifest_table(ids, NOWHERE, {each.content_id: each for each in failed})
    return table.select(["content_id", "status", "error"])


TRUNCATED = failures(Failed(bytes([4]) * 31 + b"\0", UNDECODABLE, "truncated"))


def test_every_file_is_in_the_order_or_rejected() -> None:
    rejected = rejected_table(inventory_table(FILES), CONTENTS, TRUNCATED)
    assert [tuple(each.values()) for each in rejected.to_pylist()] == [
        ("bad.jpg", "image", "unreadable", "gone"),
        ("e.jpg", "image", UNDECODABLE, "truncated"),
    ]
    assert len(rejected) + len(ordered([0, 1, 2])) == len(FILES)
    assert summary(rejected) == "1 x image undecodable, 1 x image unreadable"


def test_a_content_of_which_nothing_is_known_is_not_lost() -> None:
    rejected = rejected_table(inventory_table(FILES), CONTENTS[:1], TRUNCATED)
    assert rejected["path"].to_pylist() == ["a.jpg", "bad.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"]
    assert rejected.to_pylist()[0] == {
        "path": "a.jpg",
        "kind": "image",
        "status": UNREADABLE,
        "error": "was not embedded",
    }


@pytest.mark.parametrize("files", [[], [row("a.jpg", 0)]])
def test_nothing_is_rejected_of_nothing(files: list[Row]) -> None:
    rejected = rejected_table(inventory_table(files), items([0]).content_ids, failures())
    assert rejected.column_names == COLUMNS
    assert len(rejected) == 0
    assert summary(rejected) == ""


def test_rows_are_sorted_by_path_and_a_missing_reason_is_empty() -> None:
    files = [row("z", None, "unreadable", None), row("ä", None, "unreadable", "x"), row("B", None, "skipped")]
    rejected = rejected_table(inventory_table(files), items([]).content_ids, failures())
    assert rejected["path"].to_pylist() == sorted(["z", "ä", "B"])
    assert rejected["error"].to_pylist() == ["", "", "x"]
