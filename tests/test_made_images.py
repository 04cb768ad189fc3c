"""The made collection is what it says: by role, by seed, and to be gone on with."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.made_images import (
    CORRUPT,
    EARLIER,
    PER_FOLDER,
    folder_files,
    make_images,
    path_of,
    role_of,
    roles,
)
from scripts.lib.embedding.descriptor import descriptor
from scripts.lib.images.decode import decode
from scripts.lib.images.failures import Undecodable

PIXELS = 10**6


@pytest.fixture(scope="module")
def files() -> dict[int, bytes]:
    return dict(folder_files(3, seed=0))


def in_role(role: str) -> list[int]:
    return [number for number in range(3 * PER_FOLDER, 4 * PER_FOLDER) if role_of(number) == role]


def vector(data: bytes) -> np.ndarray:
    return descriptor(decode(data, 32, PIXELS))


def test_numbers_say_what_a_file_is(files: dict[int, bytes]) -> None:
    assert sorted(files) == list(range(3 * PER_FOLDER, 4 * PER_FOLDER))
    assert roles(1_000_000)["truncated"] == 2000
    for number, data in files.items():
        if role_of(number) in CORRUPT:
            with pytest.raises(Undecodable):
                decode(data, 32, PIXELS)
        else:
            assert 48 <= decode(data, 32, PIXELS).width <= 128


def test_names_may_lie_but_bytes_are_images(files: dict[int, bytes]) -> None:
    formats = {
        role: Image.open(io.BytesIO(files[in_role(role)[0]])).format for role in ("image", "mislabelled")
    }
    assert formats == {"image": "JPEG", "mislabelled": "PNG"}
    assert path_of(in_role("mislabelled")[0]).suffix == ".jpg"


def test_duplicates_are_of_an_image_before_them(files: dict[int, bytes]) -> None:
    typical = np.linalg.norm(vector(files[1500]) - vector(files[1501]))
    for number in in_role("duplicate"):
        assert files[number] == files[number - EARLIER]
    for number in in_role("near-duplicate"):
        assert files[number] != files[number - EARLIER]
        apart = np.linalg.norm(vector(files[number]) - vector(files[number - EARLIER]))
        assert apart < 0.25 * typical
    assert len(set(files.values())) == PER_FOLDER - len(in_role("duplicate"))


def test_there_is_something_to_order(files: dict[int, bytes]) -> None:
    vectors = np.stack([vector(files[number]) for number in in_role("image")[:150]])
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert distances.min(axis=1).mean() < 0.5 * distances[np.isfinite(distances)].mean()


def test_a_seed_makes_the_same_bytes(files: dict[int, bytes]) -> None:
    first = next(folder_files(3, seed=0))
    assert first == (1500, files[1500])
    assert next(folder_files(3, seed=1)) != first


def test_what_is_there_is_not_made_again(tmp_path: Path, files: dict[int, bytes]) -> None:
    made: list[int] = []
    make_images(tmp_path, PER_FOLDER, progress=made.append)
    kept = tmp_path / path_of(0)
    before = kept.stat().st_mtime_ns
    left = tmp_path / path_of(PER_FOLDER).parent
    left.with_name(f".{left.name}.tmp").mkdir()  # what a kill leaves
    make_images(tmp_path, 2 * PER_FOLDER, progress=made.append)
    assert (kept.stat().st_mtime_ns, sum(made)) == (before, 3 * PER_FOLDER)
    found = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.suffix == ".jpg")
    assert found == [path_of(number) for number in range(2 * PER_FOLDER)]
    assert not list(tmp_path.rglob("*.tmp"))
    with pytest.raises(ValueError, match="another seed"):
        make_images(tmp_path, PER_FOLDER, seed=1)
    with pytest.raises(ValueError, match="no whole folders"):
        make_images(tmp_path, PER_FOLDER + 1)
    shutil.rmtree(tmp_path)
