"""Decisions on duplicates by group: no other row is touched, and no group is lost."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from scripts.lib.duplicates.deciding import change_decisions
from scripts.lib.duplicates.decisions import DROP, KEEP, Decisions, read_decisions
from scripts.lib.duplicates.duplicate_table import DUPLICATES, with_decisions
from scripts.lib.duplicates.review import ACCEPT, ACTS, ALL, ONLY, UNDO, Review, decide
from scripts.lib.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
NAMES = ["=a, b.jpg", 'q"uote\nline.jpg', "<script>.jpg", "c.jpg", "d.jpg"]
GROUPS = [0, 0, 0, 1, 1]


def table(protected: tuple[int, ...] = ()) -> pa.Table:
    rows = [
        {
            "group": group,
            "kind": None if place in (0, 3) else ("exact" if place == 1 else "near"),
            "path": name,
            "path_bytes": name.encode(),
            "content_id": bytes([place]) * 32,
            "width": 100 - place,
            "height": 100,
            "size": 1000,
            "format": "JPEG",
            "mtime_ns": 1,
        }
        for place, (name, group) in enumerate(zip(NAMES, GROUPS, strict=True))
    ]
    mask = np.isin(np.arange(len(rows)), protected)
    bare = pa.Table.from_pylist(rows, pa.schema([each for each in DUPLICATES if each.name != "keep"]))
    bare = bare.drop_columns(["proposed", "protected", "decision", "reason"])
    return with_decisions(bare, mask, Decisions())[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "duplicate_decisions.csv"


def kept_by_the_next_run(file: Path, protected: tuple[int, ...] = ()) -> list[bool]:
    mask = np.isin(np.arange(len(NAMES)), protected)
    bare = table().drop_columns(["keep", "proposed", "protected", "decision", "reason"])
    return with_decisions(bare, mask, read_decisions(file))[0]["keep"].to_pylist()


def test_acts_are_obeyed_by_the_next_run(file: Path) -> None:
    review = Review(table())
    assert len(review) == 2
    decide(file, review, 0, ACCEPT)
    assert kept_by_the_next_run(file) == [True, False, False, True, False]
    decide(file, review, 0, ONLY, 2)
    assert kept_by_the_next_run(file) == [False, False, True, True, False]
    decide(file, review, 0, KEEP, 1)
    decide(file, review, 0, DROP, 2)
    assert kept_by_the_next_run(file) == [False, True, False, True, False]
    decide(file, review, 1, ALL)
    assert kept_by_the_next_run(file) == [False, True, False, True, True]
    decide(file, review, 0, UNDO)
    assert kept_by_the_next_run(file) == [True, False, False, True, True]
    assert read_decisions(file).paths == {"c.jpg": KEEP, "d.jpg": KEEP}


def test_whatever_is_done_one_file_is_kept_and_the_page_shows_what_the_next_run_does(file: Path) -> None:
    protected = (1,)
    review = Review(table(protected))
    random = np.random.default_rng(0)
    for act, place in zip(random.choice(ACTS, 60), random.integers(0, 3, 60), strict=True):
        try:
            decide(file, review, 0, act, int(place))
        except InputError:
            assert act == DROP
        shown = [each.keep for each in review.settled(0, read_decisions(file))]
        assert shown == kept_by_the_next_run(file, protected)[:3]
        assert shown[1]  # which is protected


def test_the_last_file_and_protected_ones_are_not_dropped(file: Path) -> None:
    with pytest.raises(InputError, match="always kept"):
        decide(file, Review(table()), 0, DROP, 0)
    with pytest.raises(InputError, match="protected"):
        decide(file, Review(table((2,))), 0, DROP, 2)
    assert not file.exists()
    decide(file, Review(table((2,))), 0, ONLY, 1)
    assert kept_by_the_next_run(file, (2,))[:3] == [False, True, True]


def test_decisions_made_by_hand_meanwhile_count(file: Path) -> None:
    review = Review(table())
    decide(file, review, 1, KEEP, 1)
    file.write_text("path,decision\nc.jpg,drop\nd.jpg,keep\n")
    with pytest.raises(InputError, match="always kept"):
        decide(file, review, 1, DROP, 1)


def test_rows_of_the_user_survive(file: Path) -> None:
    others = f"note,path,content_id,decision\nmine,,{'ab' * 32},drop\n?,c.jpg,,burn\n,gone.jpg,,keep\n,,,\n"
    file.write_text(others + ",c.jpg,,keep\n,c.jpg,,keep\n")
    decide(file, Review(table()), 1, ONLY, 1)
    assert file.read_text() == others + ",c.jpg,,drop\n,d.jpg,,keep\n"
    decide(file, Review(table()), 1, UNDO)
    assert file.read_text() == others


def test_a_table_by_content_gets_a_column_of_paths(file: Path) -> None:
    file.write_bytes(b"content_id,decision\r\n" + b"ab" * 32 + b",drop\r\n")
    decide(file, Review(table()), 1, ONLY, 1)
    found = read_decisions(file)
    assert (found.paths, found.contents) == ({"c.jpg": DROP, "d.jpg": KEEP}, {"ab" * 32: DROP})


@pytest.mark.parametrize(
    "text", [b"a.jpg,keep\n", b'path,decision\n"a,keep\n', b"path,decision\na,keep\na,drop\n"]
)
def test_a_table_that_can_not_be_read_is_never_overwritten(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    with pytest.raises(InputError):
        decide(file, Review(table()), 0, ALL)
    assert file.read_bytes() == text


def test_names_are_no_formulas_and_bytes_stay(file: Path) -> None:
    file.write_bytes(b"path,decision\ncaf\xe9.jpg,drop\n")
    decide(file, Review(table()), 0, ALL)
    assert file.read_bytes().startswith(b'path,decision\ncaf\xe9.jpg,drop\n"\'=a, b.jpg",keep\n')
    assert read_decisions(file).of("=a, b.jpg", "") == KEEP


def test_a_group_is_decided_if_any_file_of_it_is(file: Path) -> None:
    review, every = Review(table()), list(itertools.product((False, True), repeat=2))
    ways = ("path,decision\n'=a, b.jpg,keep\n", f"content_id,decision\n{(bytes([4]) * 32).hex()},drop\n")
    file.write_text('path,decision\n"\'=a, b.jpg",keep\n')
    assert review.decided(read_decisions(file)).tolist() == [True, False]
    file.write_text(ways[1])
    assert review.decided(read_decisions(file)).tolist() == [False, True]
    assert review.decided(Decisions()).tolist() == list(every[0])
    assert {kind: mask.tolist() for kind, mask in review.kinds.items()} == {
        "exact": [True, False],
        "near": [True, True],
    }


def test_without_groups_nothing_is_decided() -> None:
    review = Review(DUPLICATES.empty_table())
    assert (len(review), review.decided(Decisions()).tolist()) == (0, [])


DECIDER = """
import sys
from pathlib import Path
from scripts.lib.duplicates.deciding import change_decisions
for turn in range(10):
    change_decisions(Path(sys.argv[1]), lambda found: {f"{sys.argv[2]} {turn}.jpg": "keep"})
"""


def test_processes_that_decide_at_the_same_time_lose_nothing(file: Path) -> None:
    command = [sys.executable, "-c", DECIDER, str(file)]
    writers = [subprocess.Popen([*command, str(each)], cwd=ROOT) for each in range(3)]
    assert [each.wait() for each in writers] == [0, 0, 0]
    assert len(read_decisions(file).paths) == 30
    change_decisions(file, lambda found: dict.fromkeys(found.paths))
    assert read_decisions(file).paths == {}
