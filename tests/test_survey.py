import os
from pathlib import Path

import pytest

from scripts.lib.output.check import Finding, check_copies
from tests.copying import Photos, statuses


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    return Photos(tmp_path)


def test_a_lost_copy_is_made_again(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths)
    (photos.output / "0001_1.jpg").unlink()
    assert check_copies(photos.output) == [Finding(b"0001_1.jpg", "missing")]
    assert statuses(photos.copy(paths)) == ["kept", "copied", "kept"]
    assert check_copies(photos.output) == []


def test_an_altered_copy_is_set_aside_and_made_again(photos: Photos) -> None:
    paths = photos.many(3)
    photos.copy(paths)
    (photos.output / "0001_1.jpg").write_text("edited by hand")
    assert check_copies(photos.output) == [Finding(b"0001_1.jpg", "altered")]
    summary = photos.copy(paths)
    assert statuses(summary) == ["kept", "copied", "kept"]
    assert photos.set_aside() == {"0001_1.jpg": "edited by hand"}
    assert [aside.reason for aside in summary.set_aside] == ["it was altered after it was copied"]
    assert photos.copies()["0001_1.jpg"] == "content 1"


def test_an_altered_copy_that_left_the_order_is_set_aside(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    (photos.output / "0001_1.jpg").write_text("edited by hand")
    assert photos.copy(paths[:1]).removed == []
    assert photos.set_aside() == {"0001_1.jpg": "edited by hand"}


def test_a_touched_copy_is_kept_and_hashed_only_once(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    os.utime(photos.output / "0000_0.jpg", ns=(1, 1))
    assert statuses(photos.copy(paths)) == ["kept", "kept"]
    ledger = (photos.output / ".seriatim/ledger.jsonl").read_bytes()
    photos.copy(paths)
    assert (photos.output / ".seriatim/ledger.jsonl").read_bytes() == ledger


def test_contents_are_checked_on_demand(photos: Photos) -> None:
    paths = photos.many(2)
    photos.copy(paths)
    copy = photos.output / "0000_0.jpg"
    time = copy.stat().st_mtime_ns
    copy.write_text("CONTENT 0")
    os.utime(copy, ns=(time, time))
    assert check_copies(photos.output) == [Finding(b"0000_0.jpg", "altered")]
    assert statuses(photos.copy(paths)) == ["kept", "kept"]
    assert statuses(photos.copy(paths, check_contents=True)) == ["copied", "kept"]
    assert photos.set_aside() == {"0000_0.jpg": "CONTENT 0"}


def test_an_output_without_ledger_has_no_copies_to_check(tmp_path: Path) -> None:
    assert check_copies(tmp_path / "none") == []
    (tmp_path / "0000_a.jpg").write_text("foreign")
    assert check_copies(tmp_path) == []
