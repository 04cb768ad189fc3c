"""The command line of a search: what it prints, what it writes, and what it refuses."""

import csv
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from scripts.lib.embedding.gather import Items
from scripts.lib.embedding.models.registry import describe, open_model
from scripts.lib.search.files import CollectionFiles
from scripts.search import main
from tests.conftest import ROOT, write_pictures
from tests.searchable import Searchable, made_card, made_ids

HOSTILE = [b"=cmd|'!A0.jpg", b"line\nbreak.jpg", b"\x1b[2Jclear.jpg", b"\xff\xfe.jpg", b"\xe2\x80\xae{x}.jpg"]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Searchable:
    """Return a sorted folder `input_images` of 12 images, five of them with hostile names."""
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "input_images", 12)
    for number, name in enumerate(HOSTILE):
        os.rename(f"input_images/image {number}.jpg", b"input_images/" + name)
    paths = [Path("input_images", name) for name in sorted(os.listdir("input_images"))]
    made = Searchable(tmp_path)
    made.write_images(open_model(describe("descriptor", None), "cpu", 1), paths)
    return made


def rows(printed: str) -> list[list[str]]:
    return [line.split(maxsplit=5) for line in printed.splitlines()[2:]]


def test_an_image_of_the_collection_and_a_file_are_printed_with_their_ranks(
    made: Searchable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--like", "image 7.jpg", "-k", "3"]) == 0
    alike = capsys.readouterr().out
    assert alike.startswith(
        "3 of 12 images of photos by descriptor\nrank  similarity  distance  position  files"
    )
    assert [row[0] for row in rows(alike)] == ["1", "2", "3"]
    shutil.copy("input_images/image 7.jpg", tmp_path / "-query.jpg")
    assert main(["--image=-query.jpg", "-k", "4", "--name", "photos", "--model", "descriptor"]) == 0
    first, *others = rows(capsys.readouterr().out)
    assert first[1:3] == ["1.0000", "0.0000"]
    assert first[-1] == "input_images/image 7.jpg"
    assert [row[1:] for row in others] == [row[1:] for row in rows(alike)]
    assert main(["--like", first[3], "-k", "3"]) == 0  # its position
    assert capsys.readouterr().out == alike


def test_names_do_nothing_to_a_terminal_or_a_spreadsheet(
    made: Searchable, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--like", "image 7.jpg", "--out", "hits.csv"]) == 0
    printed = capsys.readouterr().out
    assert len(rows(printed)) == 11
    assert not set("\x1b\u202e") & set(printed)
    with open("hits.csv", encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    names = [row["path"] for row in table]
    assert "input_images/line\nbreak.jpg" in names
    assert not [name for name in names if name[0] in "=+-@"]
    assert [int(row["rank"]) for row in table] == list(range(1, 12))
    distances = [float(row["distance"]) for row in table]
    assert distances == sorted(distances)
    assert main(["--like", "image 7.jpg", "--out", "hits.parquet"]) == 0
    binary = pq.read_table("hits.parquet")["path_bytes"].to_pylist()
    assert {os.path.basename(path) for path in binary} > set(HOSTILE)
    assert all(os.path.exists(path) for path in binary)


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_asked_for(made: Searchable, name: bytes) -> None:
    assert main(["--like", os.fsdecode(b"input_images/" + name), "-k", "1"]) == 0
    assert main(["--like", os.fsdecode(name), "-k", "1"]) == 0
    assert main(["--image", os.fsdecode(b"input_images/" + name), "-k", "1"]) == 0


def test_the_sheet_begins_with_what_was_searched_for(made: Searchable) -> None:
    Image.new("RGB", (50, 50), (255, 0, 255)).save("pink.png")
    assert main(["--image", "pink.png", "--sheet", "hits.png", "-k", "5"]) == 0
    with Image.open("hits.png") as sheet:
        assert sheet.convert("RGB").getpixel((60, 60)) == (255, 0, 255)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "There is nothing to search for"),
        (["--like", "nothing.jpg"], "No image of the collection is called 'nothing.jpg'"),
        (["--like", ""], "name of the image is empty"),
        (["--like", "#12"], "There is no position #12: the order has 12 files"),
        (["--image", "a\nb.jpg"], r"a\nb.jpg can't be searched for: it can't be read (No such file"),
        (["--image", "results"], "Is a directory"),
        (["--text", "red"], "knows no words"),
        (["--like", "#1", "--text", "red"], "knows no words"),
        (["--like", "#1", "-k", "0"], "0 results are none"),
        (["--like", "#1", "--out", "hits.xlsx"], "ends in '.xlsx'; name one of .csv, .parquet"),
        (["--like", "#1", "--sheet", "hits.csv"], "ends in '.csv'; name one of .jpg"),
        (["--like", "#1", "--out", "there.csv"], "there.csv exists. Name another file, or add --force"),
        (
            ["--like", "#1", "--name", "other"],
            "no results of other in results. There are: photos by descriptor",
        ),
        (["--like", "#1", "--results", "nowhere"], "There are no results in nowhere"),
    ],
)
def test_what_can_not_be_done_is_one_line(
    made: Searchable, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    Path("there.csv").write_text("mine")
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("seriatim: search failed: ")
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert Path("there.csv").read_text() == "mine"


def test_force_overwrites(made: Searchable) -> None:
    Path("there.csv").write_text("mine")
    assert main(["--like", "#1", "--out", "there.csv", "--force"]) == 0
    assert Path("there.csv").read_text() != "mine"


def test_an_image_is_named_by_path_position_content_or_the_end_of_a_path(tmp_path: Path) -> None:
    made, items = Searchable(tmp_path), Items(np.array([0, 1, 1, 2], np.int32), made_ids(4))
    made.write_vectors(made.folder(), made_card(2), np.eye(3, 2, dtype=np.float32), items)
    paths = [b"in/a.jpg", b"in/x/a.jpg", b"in/y/b.jpg", b"in/#1", b"in/y/b.jpg.jpg"]
    made.write_order(items, paths, [3, 0, 1, 2, 2])
    files = CollectionFiles(made.folder() / "order.parquet", items, tmp_path)
    ids = [content.hex() for content in items.content_ids.tolist()]
    for name, item in {
        "in/a.jpg": 2,
        str(tmp_path / "in" / "a.jpg"): 2,
        "x/a.jpg": 0,
        "y/b.jpg": 1,
        "b.jpg": 1,
        "#1": 0,
        "in/#1": 1,
        "#4": 1,
        ids[0][:6]: 0,
        ids[2].upper(): 1,
        ids[3][:9]: 2,
    }.items():
        assert files.item_named(name) == item, name
    with pytest.raises(
        Exception, match=r"'a\.jpg' may be any of in/x/a\.jpg \(#1\), in/a\.jpg \(#0\)\. Name"
    ):
        files.item_named("a.jpg")
    for name in ("", "#5", "# 1", "#-1", "jpg", "000000", "../in", ids[0] + "0", "\0"):
        with pytest.raises(Exception, match=r"no position|is called|is empty"):
            files.item_named(name)


def test_make_hands_on_what_was_typed() -> None:
    typed = ['TEXT=it\'s #1 "`id`" $HOME \\', "LIKE=-x", "K=3"]
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "search", *typed], cwd=ROOT, capture_output=True, text=True
    )
    command = done.stdout[done.stdout.index(".venv/bin/python -m scripts.search") :]
    seen = subprocess.run(
        ["sh", "-c", command.replace(".venv/bin/python -m scripts.search", "printf '%s|'", 1)],
        capture_output=True,
        text=True,
    ).stdout
    assert seen == '--text=it\'s #1 "`id`" $HOME \\|--like=-x|-k|3|'
