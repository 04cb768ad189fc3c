"""Files in several folders: each folder numbered for itself, and no file called as a folder beside it."""

import pytest

from scripts.lib.output.naming.filed_names import names_in_folders
from scripts.lib.output.naming.names import Naming


def names(folders: list[str], sources: list[str], naming: Naming, **more: object) -> list[str]:
    encoded = [source.encode() for source in sources], [folder.encode() for folder in folders]
    return [each.name.decode() for each in names_in_folders(*encoded, naming, **more)]  # type: ignore[arg-type]


def test_each_folder_is_numbered_for_itself_in_the_order_given() -> None:
    found = names(["b", "a", "b", "a/c", ""], ["x.jpg"] * 5, Naming())
    assert found == ["b/0000_x.jpg", "a/0000_x.jpg", "b/0001_x.jpg", "a/c/0000_x.jpg", "0000_x.jpg"]


def test_positions_may_be_given_and_a_number_left_out_divides_nothing() -> None:
    naming = Naming(per_folder=3)
    assert names(["", "", "d"], ["x.jpg"] * 3, naming, positions=[0, 7, 5]) == [
        "0000_x.jpg",
        "0007_x.jpg",
        "d/0005_x.jpg",
    ]


def test_folders_with_many_files_are_divided() -> None:
    found = names(["a"] * 5 + ["b"] * 2, ["x.jpg"] * 7, Naming(per_folder=2))
    assert found[:2] == ["a/0000-0001/0000_x.jpg", "a/0000-0001/0001_x.jpg"]
    assert found[4:] == ["a/0004-0005/0004_x.jpg", "b/0000_x.jpg", "b/0001_x.jpg"]


@pytest.mark.parametrize("template", ["{stem}{ext}", "{label}{ext}"])
def test_no_file_is_called_as_a_folder_beside_it(template: str) -> None:
    folders, sources = ["", "duplicates/3", "duplicates"], ["Duplicates", "a.jpg", "3"]
    parts = {"label": [b"Duplicates", b"a", b"3"]}
    found = names(folders, sources, Naming(template), parts=parts)
    assert found[0] == "Duplicates.2"
    assert found[2] == "duplicates/3.2"


def test_none_is_none() -> None:
    assert names([], [], Naming()) == []
