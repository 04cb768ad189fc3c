import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.lib.errors import OutputError
from scripts.lib.output.ledger import Intent, Ledger, Own, replay

NAMES = [
    b"0000_a.jpg",
    b"0001_\xff\n\r.jpg",
    "0002_ü\u2028\u202e.jpg".encode(),
    b"0003_\xed\xb2\x80",
]


def own(number: int, source: bytes = b"/photos/\xfea.jpg") -> Own:
    return Own(bytes([number]) * 32, number, 1_600_000_000_123_456_789, source, number)


@contextmanager
def ledger_at(path: Path, name: str = "photos") -> Iterator[Ledger]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        yield Ledger.open(fd, name)
    finally:
        os.close(fd)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A ledger with every kind of line."""
    path = tmp_path / "ledger.jsonl"
    with ledger_at(path) as ledger:
        placed = [Intent("place", b"tmp/%d" % i, name, own(i)) for i, name in enumerate(NAMES)]
        ledger.settle(done=ledger.intend(placed))
        moved = Intent("move", NAMES[0], b"0009_a.jpg", own(0))
        aside = Intent("aside", NAMES[1], b".removed/x", None)
        ledger.settle(done=ledger.intend([moved, aside]))
        ledger.settle([], void=ledger.intend([Intent("remove", NAMES[2], b"", own(2))]))
        ledger.assert_own(NAMES[2], own(5))
        ledger.intend([Intent("remove", NAMES[3], b"", own(3))])
    return path


def test_a_ledger_read_again_says_what_was_written(written: Path) -> None:
    with ledger_at(written) as ledger:
        state = ledger.state
    assert state.owned == {b"0009_a.jpg": own(0), NAMES[2]: own(5), NAMES[3]: own(3)}
    assert list(state.pending.values()) == [Intent("remove", NAMES[3], b"", own(3))]
    assert state.next_number == len(NAMES) + 4


def test_every_line_is_ascii(written: Path) -> None:
    assert written.read_bytes().isascii()
    assert len(written.read_bytes().splitlines()) == written.read_bytes().count(b"\n")


def test_forgotten_files_are_ours_no_longer(written: Path) -> None:
    with ledger_at(written) as ledger:
        ledger.forget([NAMES[2], NAMES[3]])
    assert set(replay(written.read_bytes())[0].owned) == {b"0009_a.jpg"}


def test_torn_anywhere_it_says_what_its_whole_lines_say_and_goes_on(written: Path) -> None:
    data = written.read_bytes()
    for length in range(0, len(data), 11):
        written.write_bytes(data[:length])
        whole = data[: data[:length].rfind(b"\n") + 1]
        with ledger_at(written) as ledger:
            before = set(ledger.state.owned)
            assert ledger.state.owned == replay(whole)[0].owned
            ledger.assert_own(b"new", own(9))
        assert set(replay(written.read_bytes())[0].owned) == before | {b"new"}


def test_zeros_left_at_the_end_by_a_power_failure_are_cut(written: Path) -> None:
    data = written.read_bytes()
    written.write_bytes(data + b"\0" * 700)
    with ledger_at(written):
        pass
    assert written.read_bytes() == data


@pytest.mark.parametrize("damage", [b"{]\n", b"\0\0\0\n", b'{"done":[77]}\n', b"[]\n", b"{}\n"])
def test_damage_before_the_end_is_refused(written: Path, damage: bytes) -> None:
    lines = written.read_bytes().splitlines(keepends=True)
    written.write_bytes(b"".join([*lines[:3], damage, *lines[3:]]))
    with pytest.raises(OutputError, match="Line 4"), ledger_at(written):
        pass


def test_another_collection_is_refused_and_told_whose_it_is(written: Path) -> None:
    data = written.read_bytes()
    with pytest.raises(OutputError, match=r"'photos'.*'cats'"), ledger_at(written, "cats"):
        pass
    assert written.read_bytes() == data


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_bytes(b'{"seriatim":9,"name":"photos"}\n')
    with pytest.raises(OutputError, match="format 9"), ledger_at(tmp_path / "ledger"):
        pass
