"""What the names of copies are made of: a template such as `{index}_{stem}{ext}`, checked once.

A field stands for a part of the name, everything else for itself. The extension comes last, so that
other programs know what a copy is, and a number has a place before it.
"""

import string
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from scripts.lib.errors import InputError

DEFAULT_TEMPLATE = "{index}_{stem}{ext}"
FIELDS = ("index", "stem", "ext", "folder")
LONGEST_TEXT = 100  # bytes; leaves room for index, extension and number where names have 143 bytes (eCryptfs)


class NameTemplate(NamedTuple):
    """A checked template.

    `pattern % values`, one of bytes for each of `fields`, is a name; the last field is `ext`. `text` is
    the number of bytes of what is no field.
    """

    pattern: bytes
    fields: tuple[str, ...]
    text: int


def parse_template(template: str, further: Iterable[str] = ()) -> NameTemplate:
    """Return a template that may have `FIELDS` and `further` ones.

    Raises
    ------
    InputError
        if names can't be made of it; says why, and what would do.
    """
    pieces = list(_pieces(template, (*FIELDS, *further)))
    fields = tuple(field for _, field in pieces if field)
    _check_fields(template, fields, ends_with_field=bool(pieces and pieces[-1].field))
    text = sum(len(piece.text) for piece in pieces)
    if text > LONGEST_TEXT:
        raise _unfit(template, f"has {text} bytes beside its fields", f"At most {LONGEST_TEXT} do")
    pattern = b"".join(piece.text.replace(b"%", b"%%") + (b"%b" if piece.field else b"") for piece in pieces)
    return NameTemplate(pattern, fields, text)


class _Piece(NamedTuple):
    """Some text and the field after it, if there is one."""

    text: bytes
    field: str | None


def _pieces(template: str, known: tuple[str, ...]) -> Iterator[_Piece]:
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise _unfit(template, f"can't be read ({error})", "A brace that is meant is doubled: {{") from error
    for text, field, spec, conversion in parsed:
        if field is not None and field not in known:
            raise _unfit(template, f"has a field {{{field}}}", f"There are {_listed(known)}")
        if spec or conversion:
            wrong = f"says how {{{field}}} is to be written"
            raise _unfit(template, wrong, f"Write {{{field}}}; an index has its zeros anyway")
        yield _Piece(_as_bytes(template, text), field)


def _as_bytes(template: str, text: str) -> bytes:
    for character, name in (("/", "a slash"), ("\0", "a NUL")):
        if character in text:
            raise _unfit(template, f"has {name}", "It makes a name; folders are made by folder_files")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise _unfit(template, "is no text", "Write it in UTF-8") from error


def _check_fields(template: str, fields: tuple[str, ...], ends_with_field: bool) -> None:
    if not ends_with_field or fields[-1] != "ext":
        raise _unfit(template, "does not end with {ext}", f"The default is {DEFAULT_TEMPLATE}")
    if not set(fields) - {"folder", "ext"}:
        raise _unfit(template, "has neither {index} nor {stem}", f"The default is {DEFAULT_TEMPLATE}")
    for field in fields:
        if fields.count(field) > 1:
            raise _unfit(template, f"has {{{field}}} twice", "Once is enough")


def _unfit(template: str, wrong: str, remedy: str) -> InputError:
    return InputError(f"The name template {template!r} {wrong}. {remedy}.")


def _listed(fields: Iterable[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in fields)
