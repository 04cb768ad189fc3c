"""Content ids are right, computed once, and survive kills."""

from pathlib import Path

import pytest
from blake3 import blake3

from scripts.lib import versions
from scripts.lib.files import hashes
from scripts.lib.files.found import Found
from scripts.lib.files.hashes import HashCache, Identity, hash_cache, identify_all
from scripts.lib.files.walk import Tree, walk
from scripts.lib.images.headers import LibraryHeaders
from tests.conftest import write_pictures

NO_LIBRARY = LibraryHeaders(1, 60)  # is needed for none of the files


def identified(files: list[Found], cache: HashCache) -> list[Identity]:
    return identify_all(files, cache, 2, NO_LIBRARY, lambda count: None)


@pytest.fixture
def files(tmp_path: Path) -> list[Found]:
    write_pictures(tmp_path / "images", 5)
    (tmp_path / "images" / "empty.jpg").touch()
    (tmp_path / "images" / "text.png").write_text("no image")
    return [entry for entry in walk(Tree([bytes(tmp_path / "images")])) if isinstance(entry, Found)]


def test_ids_are_the_blake3_of_the_bytes(tmp_path: Path, files: list[Found]) -> None:
    with hash_cache(tmp_path / "side") as cache:
        identities = identified(files, cache)
    expected = [blake3(Path(each.path.decode()).read_bytes()).digest() for each in files]
    assert [identity.content_id for identity in identities] == expected


def test_headers_and_what_is_wrong_with_them(tmp_path: Path, files: list[Found]) -> None:
    with hash_cache(tmp_path / "side") as cache:
        identities = identified(files, cache)
    by_name = {Path(f.path.decode()).name: i for f, i in zip(files, identities, strict=True)}
    assert (by_name["image 0.jpg"].width, by_name["image 0.jpg"].height) == (48, 32)
    assert by_name["image 0.jpg"].error is None
    assert by_name["empty.jpg"].error
    assert by_name["text.png"].error


def test_large_files_have_the_same_id(
    tmp_path: Path, files: list[Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [hashes.identify(each, NO_LIBRARY) for each in files]
    monkeypatch.setattr(hashes, "WHOLE_BYTES", 0)
    assert [hashes.identify(each, NO_LIBRARY) for each in files] == held


def test_nothing_is_hashed_twice(tmp_path: Path, files: list[Found], monkeypatch: pytest.MonkeyPatch) -> None:
    with hash_cache(tmp_path / "side") as cache:
        first = identified(files, cache)
    monkeypatch.setattr(hashes, "identify", lambda *_, **__: pytest.fail("hashed again"))
    with hash_cache(tmp_path / "side") as cache:
        assert identified(files, cache) == first


def test_another_time_or_size_is_hashed_again(tmp_path: Path, files: list[Found]) -> None:
    with hash_cache(tmp_path / "side") as cache:
        identified(files, cache)
        assert cache.lookup(files[0]) is not None
        assert cache.lookup(files[0]._replace(mtime_ns=1)) is None
        assert cache.lookup(files[0]._replace(size=1)) is None


def test_work_before_an_interruption_is_kept(
    tmp_path: Path, files: list[Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashes, "COMMIT_SECONDS", 0.0)
    with hash_cache(tmp_path / "side") as cache:
        cache.store(files[0], hashes.identify(files[0], NO_LIBRARY))
        with hash_cache(tmp_path / "side") as other:  # sees only what is committed
            assert other.lookup(files[0]) is not None


def test_files_that_were_no_images_are_tried_again_on_demand(tmp_path: Path, files: list[Found]) -> None:
    with hash_cache(tmp_path / "side") as cache:
        identities = identified(files, cache)
    bad = [found for found, identity in zip(files, identities, strict=True) if identity.error]
    with hash_cache(tmp_path / "side") as cache:
        assert all(cache.lookup(found) for found in bad)
    with hash_cache(tmp_path / "side", retry=True) as cache:
        assert not any(cache.lookup(found) for found in bad)
        assert all(cache.lookup(found) for found in files if found not in bad)


def test_another_version_asks_anew_what_is_no_image(
    tmp_path: Path, files: list[Found], monkeypatch: pytest.MonkeyPatch
) -> None:
    with hash_cache(tmp_path / "side") as cache:
        identities = identified(files, cache)
    errors = [identity.error is not None for identity in identities]
    for version, forgotten in ((versions.SCAN, 0), (versions.SCAN + 1, errors.count(True))):
        monkeypatch.setattr(versions, "SCAN", version)
        with hash_cache(tmp_path / "side") as cache:
            known = [cache.lookup(found) is not None for found in files]
        assert known.count(False) == forgotten
    assert known == [not error for error in errors]


def test_a_damaged_page_of_the_side_file_is_found(tmp_path: Path, files: list[Found]) -> None:
    with hash_cache(tmp_path / "side") as cache:
        for i in range(2000):
            cache.store(files[0]._replace(path=b"%d" % i), hashes.Identity(bytes(32), None, 1, 1, None))
    data = bytearray((tmp_path / "side").read_bytes())
    data[4096 * 5 : 4096 * 6] = b"\xff" * 4096
    (tmp_path / "side").write_bytes(data)
    with hash_cache(tmp_path / "side") as cache:
        assert cache.paths() == set()


def test_a_file_that_cannot_be_read_is_not_remembered(tmp_path: Path, files: list[Found]) -> None:
    gone = files[0]._replace(path=b"/nowhere.jpg")
    with hash_cache(tmp_path / "side") as cache:
        (identity,) = identified([gone], cache)
        assert identity.content_id is None
        assert "can't be read" in str(identity.error)
        assert cache.lookup(gone) is None


def test_a_damaged_side_file_is_set_aside(tmp_path: Path, files: list[Found]) -> None:
    (tmp_path / "side").write_bytes(b"this is no database, but it is long enough to look like one" * 20)
    with hash_cache(tmp_path / "side") as cache:
        identified(files, cache)
    assert (tmp_path / "side.damaged").exists()
