"""Decisions on duplicates: read as they are meant, obeyed, and never to the loss of a whole group."""

import itertools
from pathlib import Path

import pytest

from scripts.lib.duplicates.decisions import (
    DROP,
    KEEP,
    decisions_digest,
    read_decisions,
)
from scripts.lib.duplicates.kept import Member, settle
from scripts.lib.errors import InputError
from tests.decided import Decision, write_decisions


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "photos" / "duplicate_decisions.csv"


def written(file: Path, text: str | bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


NAMES = [
    "a b.jpg",
    'q"uote.jpg',
    "new\nline.jpg",
    "cr\rlf\r\n.jpg",
    "=formula.jpg",
    "über, ü.jpg",
    r"caf\xe9.jpg",
]


def test_any_name_can_be_decided_on(file: Path) -> None:
    given = [Decision(KEEP if place % 2 else DROP, name) for place, name in enumerate(NAMES)]
    write_decisions(file, [*given, Decision(DROP, content_id="ab" * 32)])
    found = read_decisions(file)
    assert found.paths == {each.path: each.decision for each in given}
    assert found.contents == {"ab" * 32: DROP}
    assert found.problems == []


def test_decisions_are_read_with_semicolons_too(file: Path) -> None:
    found = read_decisions(written(file, '\ufeffpath;decision\r\n"a;b, c.jpg";drop\r\nd.jpg\r\n'))
    assert found.paths == {"a;b, c.jpg": DROP}
    assert len(found.problems) == 1


def test_no_file_is_no_decision(file: Path) -> None:
    found = read_decisions(file)
    assert (found.paths, found.contents, found.problems) == ({}, {}, [])
    assert decisions_digest(file) == ""


def test_the_digest_changes_with_the_decisions(file: Path) -> None:
    digests = []
    for decision in (KEEP, DROP, KEEP):
        write_decisions(file, [Decision(decision, "a.jpg")])
        digests.append(decisions_digest(file))
    assert digests[0] == digests[2] != digests[1]
    assert "" not in digests


def test_rows_that_are_none_are_named_by_their_lines(file: Path) -> None:
    text = "path,decision\na.jpg,keep\nb.jpg,burn\n,drop\n\nc.jpg\nd.jpg, DROP \n"
    found = read_decisions(written(file, text))
    assert found.paths == {"a.jpg": KEEP, "d.jpg": DROP}
    assert [problem.split(":")[0] for problem in found.problems] == [
        f"{file.name}, line {line}" for line in (3, 4, 6)
    ]


def test_what_a_spreadsheet_makes_of_it_is_read(file: Path) -> None:
    text = b"\xef\xbb\xbfpath,note,decision\r\n'=sum.jpg,mine,keep\r\ncaf\xe9.jpg,,drop\r\n"
    found = read_decisions(written(file, text))
    assert found.of("=sum.jpg", "") == KEEP
    assert found.of(r"caf\xe9.jpg", "") == DROP
    assert found.unknown(["=sum.jpg", r"caf\xe9.jpg"], []) == []


def test_a_contradiction_is_an_error_that_names_the_lines(file: Path) -> None:
    with pytest.raises(InputError, match=r"lines 2 and 4 decide differently on a\.jpg"):
        read_decisions(written(file, "path,decision\na.jpg,keep\na.jpg,keep\na.jpg,drop\n"))


def test_a_quotation_mark_without_its_end_takes_no_decisions_away(file: Path) -> None:
    with pytest.raises(InputError, match="behind line 2: unexpected end of data"):
        read_decisions(written(file, 'path,decision\na.jpg,keep\n"b.jpg,keep\nc.jpg,drop\n'))


def test_what_can_not_be_read_is_an_error(file: Path) -> None:
    file.mkdir(parents=True)
    assert decisions_digest(file) != ""
    with pytest.raises(InputError, match="can't be read"):
        read_decisions(file)


def test_a_heading_is_needed(file: Path) -> None:
    with pytest.raises(InputError, match="path,decision"):
        read_decisions(written(file, "a.jpg,keep\n"))


def test_what_is_not_there_is_told(file: Path) -> None:
    write_decisions(
        file, [Decision(KEEP, "a.jpg"), Decision(KEEP, "gone.jpg"), Decision(DROP, content_id="ff")]
    )
    assert read_decisions(file).unknown(["a.jpg"], ["aa"]) == ["gone.jpg", "ff"]


def test_a_decision_on_a_file_counts_more_than_one_on_its_content(file: Path) -> None:
    write_decisions(file, [Decision(DROP, content_id="aa"), Decision(KEEP, "a.jpg")])
    found = read_decisions(file)
    assert (found.of("a.jpg", "aa"), found.of("b.jpg", "aa"), found.of("c.jpg", "bb")) == (KEEP, DROP, None)


CHOICES = list(itertools.product((None, KEEP, DROP), (False, True)))


@pytest.mark.parametrize("first", CHOICES)
def test_whatever_is_decided_one_is_kept_and_decisions_are_obeyed_where_they_can_be(
    first: tuple[str | None, bool],
) -> None:
    for others in itertools.product(CHOICES, repeat=2):
        check_settled((first, *others))


def check_settled(group: tuple[tuple[str | None, bool], ...]) -> None:
    members = [
        Member(f"{i}.jpg", "why", protected, decision) for i, (decision, protected) in enumerate(group)
    ]
    refused = settle(members)
    assert any(member.keep for member in members)
    assert members[0].proposed
    disobeyed = []
    for member in members:
        assert member.keep or not member.protected
        if member.decision == KEEP:
            assert member.keep
        if member.decision == DROP and member.keep:
            disobeyed.append(member)
    assert all(any(member.path in told for told in refused) for member in disobeyed)
    assert bool(disobeyed) == bool(refused)
    for member in disobeyed:
        assert member.protected or all(each.decision == DROP for each in members)


def test_without_decisions_the_best_and_the_protected_are_kept() -> None:
    members = [Member("a", "best"), Member("b", "younger", protected=True), Member("c", "fewer pixels")]
    assert settle(members) == []
    assert [member.keep for member in members] == [True, True, False]
    assert members[2].reason == "fewer pixels"


def test_where_the_best_is_dropped_the_next_takes_its_place() -> None:
    members = [Member("a", "best", decision=DROP), Member("b", "younger"), Member("c", "small")]
    assert settle(members) == []
    assert [member.keep for member in members] == [False, True, False]
