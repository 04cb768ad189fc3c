"""Names that fit: what is lost is the end of the stem, in whole characters."""

import os
import random

import pytest

from scripts.lib.output.naming.short_names import (
    LONGEST_EXTENSION,
    beginning,
    numbered_name,
    shortened,
    split_name,
)


@pytest.mark.parametrize("letter", ["ü", "€", "😀"])
@pytest.mark.parametrize("shift", range(4))
def test_no_character_is_cut_in_two(letter: str, shift: int) -> None:
    stem = b"a" * shift + letter.encode() * 60
    name = shortened(stem + b".jpeg", 50)
    assert name.decode("utf-8").endswith(letter + ".jpeg")
    assert 50 - len(letter.encode()) < len(name) <= 50


@pytest.mark.parametrize("limit", range(-2, 14))
def test_a_beginning_is_the_longest_that_fits(limit: int) -> None:
    text = "aü€😀b"
    fitting = [text[:n].encode() for n in range(len(text) + 1) if len(text[:n].encode()) <= max(limit, 0)]
    assert beginning(text.encode(), limit) == fitting[-1]


def test_bytes_that_are_no_text_are_cut_at_the_limit() -> None:
    assert shortened(b"\x80" * 300, 255) == b"\x80" * 255


def test_a_dot_early_in_a_long_name_begins_no_extension() -> None:
    assert shortened(b"a." + b"x" * 300, 255) == b"a." + b"x" * 253


def test_numbered_names_differ_and_keep_the_extension() -> None:
    assert numbered_name(b"0001_a.jpg", 0, 255) == b"0001_a.jpg"
    assert numbered_name(b"0001_a.jpg", 2, 255) == b"0001_a.2.jpg"
    assert numbered_name(b"x" * 251 + b".jpg", 12, 255) == b"x" * 248 + b".12.jpg"


def test_names_are_split_as_everybody_does_it() -> None:
    lots = random.Random(0)
    for _ in range(2_000):
        name = bytes(lots.choices(b"..ab\xc3\xbc ", k=lots.randint(1, 12)))
        assert split_name(name) == os.path.splitext(name), name


def test_a_long_extension_is_part_of_the_stem() -> None:
    longest = b"." + b"x" * (LONGEST_EXTENSION - 1)
    assert split_name(b"a" + longest) == (b"a", longest)
    assert split_name(b"a" + longest + b"x") == (b"a" + longest + b"x", b"")
