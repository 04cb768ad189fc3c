"""The example collection: like a real one, the same each time, never over others' files."""

import os
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from scripts import example as command
from scripts.lib.errors import InputError
from scripts.lib.images.decode import decode
from scripts.lib.pictures.example import MARKER, SCENES, make_example, plan_scenes, plan_shots

FEW = 14  # enough for every kind of file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("example") / "new" / "folder"
    make_example(made, scenes=FEW)
    return made


def images(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))


def states(folder: Path) -> dict[Path, tuple[int, int]]:
    return {p: (os.stat(p).st_mtime_ns, os.stat(p).st_ino) for p in images(folder)}


def orientation(path: Path) -> int:
    with Image.open(path) as image:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))


def thumbnail(path: Path) -> np.ndarray:
    """Describe what is seen, whatever the size and the exposure."""
    image = decode(path, target=16, pixel_limit=10**6)
    small = np.asarray(image.resize((16, 16), Image.Resampling.BOX), dtype=float)
    return small / small.mean()


def test_the_files_are_those_planned(folder: Path) -> None:
    planned = {folder / shot.path for shot in plan_shots(0, FEW)}
    assert set(images(folder)) == planned


def test_shapes_formats_and_orientations_are_mixed(folder: Path) -> None:
    shapes = Counter()
    for path in images(folder):
        image = decode(path, target=1000, pixel_limit=10**6)
        shapes[np.sign(image.width - image.height)] += 1
    assert shapes[1] > shapes[-1] > 0
    assert {p.suffix for p in images(folder)} == {".jpg", ".png", ".webp"}
    assert any(orientation(p) == 6 for p in images(folder))


def test_some_files_are_equal_and_lie_in_another_folder(folder: Path) -> None:
    by_content = defaultdict(list)
    for path in images(folder):
        by_content[path.read_bytes()].append(path)
    equal = [paths for paths in by_content.values() if len(paths) > 1]
    assert equal
    for first, second in equal:
        assert first.name != second.name
        assert first.parent != second.parent


def test_two_folders_hold_different_pictures_of_one_name(folder: Path) -> None:
    camera, phone = folder / "camera" / "IMG_0001.jpg", folder / "phone" / "IMG_0001.jpg"
    assert camera.read_bytes() != phone.read_bytes()


def test_an_edited_picture_is_nearest_to_its_original(folder: Path) -> None:
    shots = plan_shots(0, FEW)
    originals = {shot.scene: thumbnail(folder / shot.path) for shot in shots[:FEW]}
    edited = [shot for shot in shots if shot.edit]
    assert edited
    for shot in edited:
        seen = thumbnail(folder / shot.path)
        distances = {scene: np.abs(seen - own).mean() for scene, own in originals.items()}
        assert min(distances, key=distances.__getitem__) == shot.scene


def test_the_whole_collection_has_about_sixty_files_of_different_names() -> None:
    paths = [shot.path for shot in plan_shots(0, SCENES)]
    assert len(set(paths)) == len(paths) == 60


def test_the_order_of_names_is_no_order() -> None:
    scenes = plan_scenes(0, SCENES)
    places = [scenes[shot.scene].place for shot in sorted(plan_shots(0, SCENES))]
    repeats = sum(a == b for a, b in pairwise(places))
    assert repeats < len(places) / 3  # a sorted list would repeat at nearly every step


def test_a_second_run_changes_nothing(folder: Path) -> None:
    before = states(folder)
    assert make_example(folder, scenes=FEW) == len(before)
    assert states(folder) == before


def test_what_is_missing_comes_back_and_the_rest_is_left_alone(tmp_path: Path) -> None:
    make_example(tmp_path, scenes=3)
    lost, edited, *_ = images(tmp_path)
    content = lost.read_bytes()
    lost.unlink()
    edited.write_bytes(b"the user's own")
    make_example(tmp_path, scenes=3)
    assert lost.read_bytes() == content
    assert edited.read_bytes() == b"the user's own"


def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("first", 5), ("again", 5), ("other", 6)):
        make_example(tmp_path / name, seed=seed, scenes=2)
    first, again, other = (
        [path.read_bytes() for path in images(tmp_path / name)] for name in ("first", "again", "other")
    )
    assert first == again
    assert not set(first) & set(other)


def test_a_folder_of_the_users_is_refused_untouched(tmp_path: Path) -> None:
    own = tmp_path / "holiday.jpg"
    own.write_bytes(b"precious")
    with pytest.raises(InputError, match=r"holds 'holiday\.jpg'.*new or empty folder"):
        make_example(tmp_path, scenes=2)
    assert os.listdir(tmp_path) == ["holiday.jpg"]


def test_hidden_files_do_not_make_a_folder_full(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").touch()
    assert make_example(tmp_path, scenes=1) == len(images(tmp_path)) == 1


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        make_example(tmp_path / "file")


@pytest.mark.parametrize("marker", ['{"version": 0, "seed": 0, "scenes": 1}', "{", "[]", ""])
def test_another_example_is_refused(tmp_path: Path, marker: str) -> None:
    (tmp_path / MARKER).write_text(marker)
    with pytest.raises(InputError, match="delete that folder or name another"):
        make_example(tmp_path, scenes=1)


def test_the_command_says_in_one_line_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.jpg").touch()
    assert command.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
