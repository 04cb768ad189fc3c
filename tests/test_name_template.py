"""Templates: what they become, and what is none."""

import pytest

from scripts.lib.errors import InputError
from scripts.lib.output.naming.name_template import LONGEST_TEXT, parse_template


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{index}_{stem}{ext}", b"0007_beach.jpg"),
        ("{stem}_{index}{ext}", b"beach_0007.jpg"),
        ("{stem}{ext}", b"beach.jpg"),
        ("{index}{ext}", b"0007.jpg"),
        ("{folder} - {index}{ext}", b"sea - 0007.jpg"),
        ("100% {{x}} %b {stem}{ext}", b"100% {x} %b beach.jpg"),
        ("ž\udcff{stem}{ext}", "ž".encode() + b"\xffbeach.jpg"),
    ],
)
def test_fields_are_filled_in_and_the_rest_stands(template: str, name: bytes) -> None:
    known = {"index": b"0007", "stem": b"beach", "ext": b".jpg", "folder": b"sea"}
    parsed = parse_template(template)
    assert parsed.pattern % tuple(known[field] for field in parsed.fields) == name
    assert parsed.text == len(name) - sum(len(known[field]) for field in parsed.fields)


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("", r"'' does not end with \{ext\}"),
        ("{index}", r"does not end with \{ext\}"),
        ("{ext}{index}", r"does not end with \{ext\}"),
        ("{index}{ext}~", r"does not end with \{ext\}"),
        ("{{index}}{ext}", r"has neither \{index\} nor \{stem\}"),
        ("{folder}{ext}", r"has neither \{index\} nor \{stem\}"),
        ("{index}_{name}{ext}", r"has a field \{name\}. There are \{index\}, \{stem\}, \{ext\}, \{folder\}"),
        ("{}{index}{ext}", r"has a field \{\}"),
        ("{stem.upper}{ext}", r"has a field \{stem.upper\}"),
        ("{stem[0]}{ext}", r"has a field \{stem\[0\]\}"),
        ("{index:06}{ext}", r"says how \{index\} is to be written"),
        ("{stem!r}{ext}", r"says how \{stem\} is to be written"),
        ("{stem}{stem}{ext}", r"has \{stem\} twice"),
        ("{folder}/{stem}{ext}", "has a slash"),
        ("a\0{stem}{ext}", "has a NUL"),
        ("\ud800{stem}{ext}", "is no text"),
        ("{stem{ext}", "can't be read"),
        ("{stem}}{ext}", "can't be read"),
        ("x" * (LONGEST_TEXT + 1) + "{stem}{ext}", "has 101 bytes"),
    ],
)
def test_what_is_no_template_is_told(template: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        parse_template(template)


def test_further_fields_are_the_callers() -> None:
    assert parse_template("{label}_{index}{ext}", ["label"]).fields == ("label", "index", "ext")
    with pytest.raises(InputError, match=r"\{folder\}, \{cluster\}, \{label\}"):
        parse_template("{lable}_{index}{ext}", ["cluster", "label"])
