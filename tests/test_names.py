"""What copies are called: the guarantees hold for hostile names and any template, and against all others."""

import os
import random
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import pytest

from scripts.lib.errors import InputError
from scripts.lib.output.naming.names import OURS, Naming, TargetName, index_digits, target_names
from scripts.lib.output.naming.portable_names import is_device, portable
from scripts.lib.output.placement import HOME, REMOVED

TEMPLATES = [
    "{index}_{stem}{ext}",
    "{stem}_{index}{ext}",
    "{stem}{ext}",
    "{index}{ext}",
    "{folder}{index}{stem}{ext}",
    "{stem}{folder}{ext}",
]
HOSTILE = [
    b"beach.jpg",
    b"BEACH.JPG",
    "žluť.jpg".encode(),
    unicodedata.normalize("NFD", "ŽLUŤ.jpg").encode(),
    b"x" * 251 + b".jpg",
    b"x" * 250 + b"y.jpg",
    b"X" * 251 + b".jpg",
    "ü".encode() * 127 + b"j",
    "😀".encode() * 62 + b".jpeg",
    b"\xff\xfe.png",
    b"\x80" * 255,
    "\u202egpj.exe עברית.jpg".encode(),
    b"new\nline\ttab\x7f.png",
    b"..",
    b".",
    b"...",
    b"CON.jpg",
    b"con",
    b"CON." + b"x" * 251,
    b"trailing. . ",
    b"trailing...",
    b".jpg",
    b"noext",
    b"a." + b"x" * 253,
    b"a b'{}\"<>:|?*\\.jpg",
    b".seriatim",
    b".SERIATIM",
    b".seriatim.2",
    b".removed.jpg",
    b"nul\0byte.jpg",
    b"a.2.jpg",
    b"a.jpg",
    b"A.jpg",
    b"a.3.jpg",
]


def one_name(source: bytes, template: str = "{index}_{stem}{ext}", **settings: object) -> bytes:
    (named,) = target_names([source], Naming(template, **settings))  # type: ignore[arg-type]
    return named.name


def compared(name: bytes) -> str:
    return unicodedata.normalize("NFC", name.decode("utf-8", "surrogateescape")).casefold()


def is_text(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def drawn_sources(seed: int, count: int = 300) -> list[bytes]:
    """Return hostile names, several times, and names of random bytes, in three folders."""
    lots = random.Random(seed)
    random_names = [lots.randbytes(lots.randint(1, 255)).replace(b"/", b"-") for _ in range(count // 3)]
    few_letters = [
        bytes(lots.choices(b"aA.\xc3\xbc 12", k=lots.choice((1, 2, 3, 255)))) for _ in range(count // 3)
    ]
    names = [*HOSTILE, *random_names, *few_letters]
    return [lots.choice((b"/sea/", b"/CON/", b"/sea/\xff\xfe/")) + lots.choice(names) for _ in range(count)]


def check_components(named: Sequence[TargetName], limit: int) -> None:
    """Assert that each name is one component that can be made, and no two of a folder are one."""
    folders = defaultdict(list)
    for each in named:
        folder, _, name = each.name.rpartition(b"/")
        assert b"/" not in folder
        assert b"\0" not in each.name
        assert name not in (b"", b".", b"..")
        assert not compared(name).startswith((".seriatim", ".removed"))
        assert len(name) <= limit
        folders[folder].append(compared(name))
    for names in folders.values():
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("count", "digits"), [(0, 4), (1, 4), (10_000, 4), (10_001, 5), (1_000_000, 6), (1_000_001, 7)]
)
def test_four_digits_or_as_many_as_the_last_position_has(count: int, digits: int) -> None:
    assert index_digits(count) == digits


@pytest.mark.parametrize(
    "name",
    [b"beach.jpg", b"a b'{}\".jpg", b"\xff\xfe.png", b"new\nline.png", "žluť.jpg".encode(), b"noext", b".j"],
)
def test_the_bytes_of_the_original_name_are_kept(name: bytes) -> None:
    assert one_name(b"/some/folder/" + name) == b"0000_" + name


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{stem}_{index}{ext}", b"beach_0000.jpg"),
        ("{stem}{ext}", b"beach.jpg"),
        ("{index}{ext}", b"0000.jpg"),
        ("{folder}, {stem}{ext}", b"sea, beach.jpg"),
    ],
)
def test_templates_say_what_copies_are_called(template: str, name: bytes) -> None:
    assert one_name(b"/my/sea/beach.jpg", template) == one_name(b"/my/sea//beach.jpg", template) == name


def test_no_files_have_no_names() -> None:
    assert target_names([], Naming()) == []


def test_further_parts_come_from_the_caller() -> None:
    naming = Naming("{label}_{stem}{ext}")
    named = target_names([b"/a.jpg", b"/b.jpg"], naming, {"label": [b"sea/side\0", b""]})
    assert [each.name for each in named] == [b"sea_side__a.jpg", b"_b.jpg"]
    with pytest.raises(InputError, match=r"has a field \{label\}"):
        target_names([b"/a.jpg"], naming)


@pytest.mark.parametrize("portable_names", [False, True])
@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("limit", [60, 143, 255])
def test_any_names_can_be_made_and_are_no_two_one(template: str, portable_names: bool, limit: int) -> None:
    sources = drawn_sources(seed=limit)
    naming = Naming(template, per_folder=100, portable=portable_names, limit=limit)
    named = target_names(sources, naming)
    check_components(named, limit)
    for row, (source, each) in enumerate(zip(sources, named, strict=True)):
        extension = os.path.splitext(os.path.basename(source).replace(b"\0", b"_"))[1]
        name = each.name.rpartition(b"/")[2]
        if len(extension) <= 16:
            assert name.endswith(portable(extension) if portable_names else extension)
        if "{index}" in template:
            assert b"%04d" % row in name
        if portable_names:
            assert portable(name) == name
            assert not is_device(name)
        if is_text(source):
            assert is_text(name)


def test_names_that_fit_and_are_free_are_left_as_they_are() -> None:
    sources = [b"/" + name for name in HOSTILE if b"\0" not in name]
    for row, each in enumerate(target_names(sources, Naming())):
        plain = b"%04d_" % row + sources[row][1:]
        assert (each.name == plain) is not each.cut
        assert each.cut is (len(plain) > 255)
        assert not each.numbered


def test_the_later_of_two_that_are_one_gets_a_number() -> None:
    sources = [b"/a/x.jpg", b"/b/X.jpg", b"/x.2.jpg", b"/c/x.jpg", "/ü.jpg".encode(), "/u\u0308.JPG".encode()]
    names = [each.name for each in target_names(sources, Naming("{stem}{ext}"))]
    expected = ["x.jpg", "X.2.jpg", "x.2.2.jpg", "x.3.jpg", "ü.jpg", "u\u0308.2.JPG"]
    assert names == [name.encode() for name in expected]
    later_first = target_names([b"/a/x.jpg", b"/b/x.jpg"], Naming("{stem}{ext}"), positions=[7, 3])
    assert [(each.name, each.numbered) for each in later_first] == [(b"x.2.jpg", True), (b"x.jpg", False)]


def test_numbers_have_a_place_in_names_that_are_cut() -> None:
    sources = [b"/%s%02d.jpg" % (b"x" * 249, i) for i in range(12)] * 2
    named = target_names(sources, Naming("{stem}{ext}", limit=250))
    check_components(named, 250)
    assert named[0] == TargetName(b"x" * 246 + b".jpg", cut=True, numbered=False)
    assert named[-1] == TargetName(b"x" * 243 + b".24.jpg", cut=True, numbered=True)


def test_numbering_many_of_one_name_takes_no_square_of_them() -> None:
    named = target_names([b"/IMG.jpg"] * 20_000, Naming("{stem}{ext}", per_folder=0))
    assert [each.name for each in named[1:]] == [b"IMG.%d.jpg" % n for n in range(2, 20_001)]


def test_an_index_that_could_be_part_of_a_stem() -> None:
    """`ab` + `0001` + `x` is `a` + `b0001x`, if parts are anything."""
    parts = {"label": [b"", b"0000_a"]}
    sources = [b"/a0001_b.jpg", b"/b.jpg"]
    named = target_names(sources, Naming("{label}{index}_{stem}{ext}"), parts)
    check_components(named, 255)
    assert [each.numbered for each in named] == [False, True]


def test_what_loses_its_end_first() -> None:
    def name(stem: int, label: int, limit: int) -> bytes:
        parts = {"label": [b"l" * label], "cluster": [b"c" * label]}
        template = "{cluster}-{label}-{stem}-{index}{ext}"
        (named,) = target_names([b"/" + b"s" * stem + b".jpg"], Naming(template, limit=limit), parts)
        return named.name

    assert name(100, 10, 60) == b"c" * 10 + b"-" + b"l" * 10 + b"-" + b"s" * 29 + b"-0000.jpg"
    assert name(100, 25, 60) == b"c" * 25 + b"-" + b"l" * 24 + b"--0000.jpg"
    assert name(100, 99, 60) == b"c" * 49 + b"---0000.jpg"


@pytest.mark.parametrize("letter", ["ü", "€", "😀"])
@pytest.mark.parametrize("shift", range(4))
def test_no_character_is_cut_in_two(letter: str, shift: int) -> None:
    source = b"/" + b"a" * shift + letter.encode() * (240 // len(letter.encode())) + b".jpeg"
    name = one_name(source, limit=200)
    assert name.decode("utf-8").endswith(letter + ".jpeg")
    assert 200 - len(letter.encode()) < len(name) <= 200


def test_the_longest_name_can_be_made_on_disk(tmp_path) -> None:
    limit = os.pathconf(tmp_path, "PC_NAME_MAX")
    name = one_name(b"/" + "ü".encode() * 127 + b".j", limit=limit)
    (tmp_path / os.fsdecode(name)).write_bytes(b"")
    assert os.listdir(os.fsencode(tmp_path)) == [name]


def test_more_files_than_a_folder_holds_are_divided_by_their_place() -> None:
    def names(count: int, per_folder: int) -> list[bytes]:
        sources = [b"/a.jpg"] * count
        return [each.name for each in target_names(sources, Naming(per_folder=per_folder))]

    assert names(3, 3) == names(3, 0) == [b"0000_a.jpg", b"0001_a.jpg", b"0002_a.jpg"]
    folders = [b"0000-0002"] * 3 + [b"0003-0005"]
    assert names(4, 3) == [b"%s/000%d_a.jpg" % (folder, i) for i, folder in enumerate(folders)]
    many = names(10_001, 10_000)
    assert many[17] == b"00000-09999/00017_a.jpg"
    assert many[-1] == b"10000-19999/10000_a.jpg"


def test_each_folder_has_its_own_names() -> None:
    named = target_names([b"/a.jpg"] * 4, Naming("{stem}{ext}", per_folder=2))
    assert [each.name.rpartition(b"/")[2] for each in named] == [b"a.jpg", b"a.2.jpg"] * 2


def test_positions_may_be_given() -> None:
    named = target_names([b"/a.jpg", b"/b.jpg"], Naming(per_folder=5), positions=[12, 3])
    assert [each.name for each in named] == [b"0010-0014/0012_a.jpg", b"0000-0004/0003_b.jpg"]
    with pytest.raises(ValueError, match="each needs its own"):
        target_names([b"/a.jpg", b"/b.jpg"], Naming(), positions=[3, 3])


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (b"/CON.jpg", b"_CON.jpg"),
        (b"/aux", b"_aux"),
        (b"/..", b"__"),
        (b"/a. ", b"a__"),
        (b"/\xffa?.jpg", b"_a_.jpg"),
        (b"/.removed", b"_.removed"),
        (b"/CON." + b"x" * 255, b"_CON." + b"x" * 250),
        ("/" + "€" * 90 + ".jpg", "€" * 83 + ".jpg"),
    ],
)
def test_portable_names(source: bytes | str, name: bytes | str) -> None:
    found = one_name(os.fsencode(source), "{stem}{ext}", portable=True, limit=1530)  # as vfat says
    assert found == os.fsencode(name)


@pytest.mark.parametrize("source", [b"/.", b"/..", b"/", b"/.seriatim", b"/.Removed.jpg", b"/.seriatim" * 30])
def test_names_that_are_ours_or_none_come_out_with_a_line_in_front(source: bytes) -> None:
    assert one_name(source, "{stem}{ext}") == b"_" + source.rpartition(b"/")[2]


def test_ours_are_those_of_the_output_folder() -> None:
    assert {os.fsencode(name) for name in OURS} == {HOME, REMOVED}


def test_a_template_must_leave_room() -> None:
    with pytest.raises(InputError, match="leaves no room in a name, which has at most 60 bytes"):
        one_name(b"/a.jpg", "x" * 40 + "{index}{ext}", limit=60)
