import os

import pytest

from scripts.lib.files.names import index_digits, numbered_name, target_name


@pytest.mark.parametrize(
    ("count", "digits"), [(0, 4), (1, 4), (10_000, 4), (10_001, 5), (1_000_000, 6), (1_000_001, 7)]
)
def test_four_digits_or_as_many_as_the_last_position_has(count: int, digits: int) -> None:
    assert index_digits(count) == digits


@pytest.mark.parametrize(
    "name",
    [
        b"beach.jpg",
        b"a b'{}\".jpg",
        b"\xff\xfe.png",
        b"new\nline.png",
        "žluť.jpg".encode(),
        b"noext",
    ],
)
def test_the_bytes_of_the_original_name_are_kept(name: bytes) -> None:
    assert target_name(7, b"/some/folder/" + name, 4, 255) == b"0007_" + name


def test_a_long_name_is_cut_to_the_limit_and_keeps_its_extension() -> None:
    name = target_name(3, b"/p/" + b"x" * 251 + b".jpg", 4, 255)
    assert len(name) == 255
    assert name.endswith(b"x.jpg")


@pytest.mark.parametrize("letter", ["ü", "€", "😀"])
@pytest.mark.parametrize("shift", range(4))
def test_no_character_is_cut_in_two(letter: str, shift: int) -> None:
    source = b"a" * shift + letter.encode() * (240 // len(letter.encode())) + b".jpeg"
    name = target_name(0, source, 4, 200)
    assert name.decode("utf-8").endswith(letter + ".jpeg")
    assert 200 - len(letter.encode()) < len(name) <= 200


def test_bytes_that_are_no_text_are_cut_at_the_limit() -> None:
    assert target_name(0, b"\x80" * 300, 4, 255) == b"0000_" + b"\x80" * 250


def test_a_dot_early_in_a_long_name_begins_no_extension() -> None:
    assert target_name(0, b"a." + b"x" * 300, 4, 255) == b"0000_a." + b"x" * 248


def test_the_longest_name_can_be_made_on_disk(tmp_path) -> None:
    limit = os.pathconf(tmp_path, "PC_NAME_MAX")
    name = target_name(0, "ü".encode() * 127 + b".j", 4, limit)
    (tmp_path / os.fsdecode(name)).write_bytes(b"")
    assert os.listdir(os.fsencode(tmp_path)) == [name]


def test_numbered_names_differ_and_keep_the_extension() -> None:
    assert numbered_name(b"0001_a.jpg", 0, 255) == b"0001_a.jpg"
    assert numbered_name(b"0001_a.jpg", 2, 255) == b"0001_a.2.jpg"
    assert numbered_name(b"x" * 251 + b".jpg", 12, 255) == b"x" * 248 + b".12.jpg"
