"""The image to begin with, by name."""

import pyarrow as pa
import pytest

from scripts.lib.errors import InputError
from scripts.lib.files.start import starting_content


def inventory(*rows: tuple[str, bytes | None, str]) -> pa.Table:
    paths, contents, statuses = zip(*rows, strict=True)
    errors = ["no such luck" if status != "ok" else None for status in statuses]
    return pa.table(
        {"path": list(paths), "content_id": list(contents), "status": list(statuses), "error": errors}
    )


PHOTOS = inventory(
    ("photos/a/beach.jpg", b"1", "ok"),
    ("photos/b/beach.jpg", b"2", "ok"),
    ("photos/b/coast.jpg", b"3", "ok"),
    ("photos/c/copy of coast.jpg", b"3", "ok"),
    ("photos/broken.jpg", None, "undecodable"),
)


@pytest.mark.parametrize(
    ("wanted", "content"),
    [("photos/b/coast.jpg", b"3"), ("coast.jpg", b"3"), ("a/beach.jpg", b"1"), ("b/beach.jpg", b"2")],
)
def test_a_path_or_its_end_names_an_image(wanted: str, content: bytes) -> None:
    assert starting_content(PHOTOS, wanted) == content


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("beach.jpg", "several images"),
        ("oast.jpg", "no image"),
        ("broken.jpg", "undecodable"),
        ("", "no image"),
    ],
)
def test_a_name_that_tells_no_image_is_refused(wanted: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        starting_content(PHOTOS, wanted)


def test_files_of_equal_content_are_one_image() -> None:
    photos = inventory(("x/one.jpg", b"1", "ok"), ("y/one.jpg", b"1", "ok"))
    assert starting_content(photos, "one.jpg") == b"1"


def test_a_whole_path_is_preferred_to_the_end_of_another() -> None:
    photos = inventory(("one.jpg", b"1", "ok"), ("y/one.jpg", b"2", "ok"))
    assert starting_content(photos, "one.jpg") == b"1"
