"""What a name does to a terminal or a log is to be read there, and nothing else."""

import unicodedata

import pytest

from scripts.lib.run.visible import visible, visible_lines


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("beach ü 海.jpg", "beach ü 海.jpg"),
        ("a\nseriatim: all is well", r"a\nseriatim: all is well"),
        ("a\r\x1b[2Jb", r"a\r\x1b[2Jb"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("\x9b31m", r"\x9b31m"),
        ("\u2028\u2066", r"\u2028\u2066"),
        ("\udcff", r"\udcff"),
    ],
)
def test_what_would_not_be_seen_is_written_out(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_no_control_and_no_mark_of_direction_remains() -> None:
    every = "".join(map(chr, range(0x3000)))
    left = {c for c in visible(every) if unicodedata.category(c) == "Cc"}
    left |= {c for c in visible(every) if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF")}
    assert left == set()


def test_tracebacks_keep_their_lines() -> None:
    assert visible_lines("a\n\tb\x1bc") == "a\n\tb\\x1bc"
