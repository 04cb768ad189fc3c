"""The table of formats, and what happens where the package of one is missing."""

import io
from importlib import import_module
from types import ModuleType

import pytest

from scripts.lib.images import formats
from scripts.lib.images.decode import decode, read_header
from scripts.lib.images.failures import Undecodable
from scripts.lib.images.formats import (
    EXTENSIONS,
    FORMATS,
    IMAGE,
    READERS,
    VIDEO,
    kind_of_extension,
    kind_of_format,
)
from tests.conftest import ROOT
from tests.encoded import encoded, gradient
from tests.films import clip
from tests.handmade_raw import dng, mosaic

PINS = (ROOT / "pyproject.toml").read_text()


def test_an_extension_belongs_to_one_format() -> None:
    listed = [extension for each in FORMATS for extension in each.extensions.split()]
    assert len(listed) == len(EXTENSIONS)
    assert all(each.startswith(".") and each == each.lower() for each in listed)


def test_every_reader_has_the_functions_of_one() -> None:
    for name in READERS:
        reader = import_module(f"scripts.lib.images.readers.{name}")
        assert all(
            callable(getattr(reader, each)) for each in ("recognises", "plain_header", "header", "pictures")
        )
    assert READERS[-1] == "pillow"  # which takes anything


def test_packages_are_among_the_pinned_ones() -> None:
    main, _, extras = PINS.partition("[project.optional-dependencies]")
    for package in filter(None, (each.package for each in FORMATS)):
        assert f'"{package.name}==' in (extras if package.extra else main)


def test_the_readme_lists_every_extension() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [each for each in EXTENSIONS if f"`{each}`" not in readme] == []


def test_kinds() -> None:
    assert (kind_of_extension(".jpg"), kind_of_extension(".mov"), kind_of_extension("")) == (
        IMAGE,
        VIDEO,
        IMAGE,
    )
    assert (kind_of_format("MPO"), kind_of_format("MATROSKA")) == (IMAGE, VIDEO)


@pytest.mark.parametrize(
    ("missing", "data", "advice"),
    [
        ("pillow_jxl", encoded(gradient(), "JXL"), r"pillow-jxl-plugin.*pip install '\.\[formats\]'"),
        ("rawpy", dng(mosaic(gradient())), r"rawpy.*pip install '\.\[formats\]'"),
        ("pillow_heif", encoded(gradient(), "HEIF"), "pip install pillow-heif"),
        ("av", clip(frames=5), "pip install av"),
    ],
)
def test_a_missing_package_is_named_with_what_installs_it(
    missing: str, data: bytes, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(name: str) -> ModuleType:
        if name == missing:
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr(formats, "import_module", without)
    with pytest.raises(Undecodable, match=advice):
        decode(data, 32, 10**6)
    with pytest.raises(Undecodable, match=advice) if missing in ("rawpy", "av") else _no_error():
        read_header(io.BytesIO(data))


def _no_error() -> object:
    from contextlib import nullcontext

    return nullcontext()
