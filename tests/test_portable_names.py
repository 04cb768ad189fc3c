"""Portable names, against the rules of Windows as they are written down, and what counts as one name."""

import random
import unicodedata

import pytest

from scripts.lib.output.naming.portable_names import folded, is_device, portable

DEVICES = ["CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in "123456789¹²³")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"beach.jpg", b"beach.jpg"),
        ("žluť עברית 😀.jpg".encode(), "žluť עברית 😀.jpg".encode()),
        (b'a<b>c:d"e|f?g*h\\i.jpg', b"a_b_c_d_e_f_g_h_i.jpg"),
        (b"a\nb\x00c\x1fd\x7fe.jpg", b"a_b_c_d_e.jpg"),
        (b"\xff\xfe\xc3.jpg", b"___.jpg"),
        (b"\xed\xa0\x80.jpg", b"___.jpg"),  # half a surrogate pair
        (b"a. .", b"a___"),
        (b". a .jpg", b". a .jpg"),
        (b"..", b"__"),
        (b"", b""),
    ],
)
def test_what_other_systems_refuse_is_replaced(name: bytes, expected: bytes) -> None:
    assert portable(name) == expected


def test_any_bytes_become_a_name_as_long_and_taken_everywhere() -> None:
    lots = random.Random(0)
    for _ in range(2_000):
        name = lots.randbytes(lots.randint(1, 40))
        made = portable(name)
        text = made.decode("utf-8")
        assert len(made) == len(name)
        assert not set(text) & set('<>:"/\\|?*\x7f')
        assert min(text) >= " "
        assert text[-1] not in ". "
        assert portable(made) == made


@pytest.mark.parametrize("device", DEVICES)
def test_devices_are_known_with_any_extension(device: str) -> None:
    for name in (device, device.lower(), f"{device}.jpg", f"{device} .tar.gz", f"{device}."):
        assert is_device(name.encode()), name
    for name in (f"_{device}", f"{device}0.jpg", f"{device}_.jpg", f"a.{device}", f" {device}"):
        assert not is_device(name.encode()), name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Beach.JPG", "bEACH.jpg"),
        ("Žluť", unicodedata.normalize("NFD", "žLUŤ")),
        ("straße", "STRASSE"),
        ("Ω", "\u2126"),  # the letter and the sign
        ("J\u030c", "ǰ"),  # a letter that has no capital of its own
    ],
)
def test_names_that_are_one_somewhere(one: str, other: str) -> None:
    assert folded(one.encode()) == folded(other.encode())


def test_names_that_are_not_one() -> None:
    names = [b"a", b"b", b"a.2", "á".encode(), b"\xff", b"\xfe", b"a ", "ａ".encode()]
    assert len({folded(name) for name in names}) == len(names)
