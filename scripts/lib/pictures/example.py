"""An example collection: sixty painted landscapes, to see the sort at work without own photos.

Seven kinds of country are visited through the hours of a day and the seasons of a year. As in a
real collection there are series of one place, second exposures, smaller and recompressed copies,
exact copies under other names, upright pictures that only their EXIF tag sets right, and equal
names in two folders. The numbers in the names are shuffled: the order of names is no order.
"""

import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageEnhance

from scripts.lib.artifacts.atomic import replacing, write_json
from scripts.lib.errors import InputError
from scripts.lib.pictures.painting.scene import PLACES, Scene, paint

SCENES = 42
MARKER = ".seriatim-example.json"  # hidden: no scan takes it for an image
VERSION = 1  # to be raised whenever the pictures or their names change

_HOURS = ((0.08, "dawn"), (0.26, "morning"), (0.48, "noon"), (0.66, "afternoon"), (0.82, "dusk"))
_VISITS = ((0, 0.2, 0.4, 0.6, 0.8, 1), (0.03, 0.17, 0.40, 0.60, 0.75, 0.97))  # day, hour
_WIDE, _UPRIGHT, _SQUARE = (320, 213), (213, 320), (256, 256)
_SHAPES = (_WIDE, _WIDE, _UPRIGHT, _WIDE, _WIDE, _SQUARE, _WIDE, _UPRIGHT)
_COUNTRIES = 500  # offsets on the noise, small enough to be exact in 32 bits
_EDITS = ("brighter", "darker", "recompressed", "smaller", "cropped")
_SUFFIXES = (".jpg", ".jpg", ".jpg", ".jpg", ".png", ".jpg", ".jpg", ".webp")


class Shot(NamedTuple):
    """One file of the collection."""

    path: str  # relative, with forward slashes
    scene: int  # index into the scenes
    edit: str  # "" or one of _EDITS


def make_example(folder: Path, seed: int = 0, scenes: int = SCENES) -> int:
    """Write whatever is missing of the collection of a seed, and return its number of files.

    A file that exists is never touched. Raises InputError for a folder that holds anything else.
    """
    _claim(folder, {"version": VERSION, "seed": seed, "scenes": scenes})
    shots = plan_shots(seed, scenes)
    missing = defaultdict(list)
    for shot in shots:
        if not (folder / shot.path).exists():
            missing[shot.scene].append(shot)
    all_scenes = plan_scenes(seed, scenes)
    for index, wanted in missing.items():
        picture = paint(all_scenes[index], _SHAPES[index % len(_SHAPES)])
        for shot in wanted:
            with replacing(folder / shot.path) as temporary:
                temporary.write_bytes(_encode(picture, shot))
    return len(shots)


def plan_scenes(seed: int, count: int) -> list[Scene]:
    """Choose what to paint: each kind of country through a day, in slowly changing weather."""
    generator = np.random.default_rng(seed)
    visits = -(-count // len(PLACES))
    return [
        _scene(
            place,
            visit / max(visits - 1, 1),
            (37 * seed + 3 * kind + visit // 3) % _COUNTRIES,
            generator,
        )
        for visit in range(visits)
        for kind, place in enumerate(PLACES)
    ][:count]


def _scene(place: str, day: float, country: int, generator: np.random.Generator) -> Scene:
    """Choose one scene at a share of the day; the weather turns once with the day."""
    hour, season, cloud, fog, sun, horizon = generator.uniform(-1, 1, 6)
    turn = np.sin(2 * np.pi * (day + 0.13 * country))
    return Scene(
        place,
        hour=float(np.clip(np.interp(day, *_VISITS) + 0.03 * hour, 0, 1)),
        season=float((0.37 * country + 0.25 * day + 0.1 * season) % 1),
        cloud=float(0.38 + 0.20 * turn + 0.12 * cloud),
        fog=float(np.clip(0.24 - 0.16 * turn + 0.14 * fog, 0.05, 0.6)),
        sun=float(0.40 * np.cos(4 * day + country) + 0.06 * sun),
        horizon=float(0.52 + 0.07 * horizon),
        seed=country,
    )


def plan_shots(seed: int, count: int) -> list[Shot]:
    """Name every file: one for each scene, an edited one for some, an exact copy for a few."""
    numbers = iter(np.random.default_rng((seed, 1)).permutation(3 * count) + 1)
    scenes = plan_scenes(seed, count)
    originals = list(_originals(scenes, numbers))
    edited = [
        Shot(f"{int(next(numbers)):03d}_{_subject(scenes[i])}.jpg", i, _EDITS[i % len(_EDITS)])
        for i in range(1, count, 4)
    ]
    copies = [
        Shot(f"shared/copy_{int(next(numbers)):03d}{Path(shot.path).suffix}", shot.scene, "")
        for shot in originals[3::6]
    ]
    return originals + edited + copies


def _originals(scenes: list[Scene], numbers: Iterable[int]) -> Iterator[Shot]:
    """Name the unedited files; a few keep the names a camera and a telephone gave them."""
    for index, (scene, number) in enumerate(zip(scenes, numbers, strict=False)):
        if index % 7 == 2:
            device = ("camera", "phone")[index // 7 % 2]
            yield Shot(f"{device}/IMG_{index // 14 + 1:04d}.jpg", index, "")
        else:
            suffix = _SUFFIXES[index * 5 % len(_SUFFIXES)]
            yield Shot(f"{int(number):03d}_{_subject(scene)}{suffix}", index, "")


def _subject(scene: Scene) -> str:
    return f"{scene.place}_{next((name for end, name in _HOURS if scene.hour < end), 'night')}"


def _encode(picture: Image.Image, shot: Shot) -> bytes:
    """Turn a painted scene into the bytes of a file, the same bytes for the same scene and edit."""
    picture = _edited(picture, shot.edit)
    suffix = Path(shot.path).suffix
    buffer = io.BytesIO()
    if suffix == ".png":
        picture.save(buffer, "PNG")
    elif suffix == ".webp":
        picture.save(buffer, "WEBP", quality=86)
    else:
        picture, exif = _as_camera(picture)
        quality = 35 if shot.edit == "recompressed" else 90
        picture.save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()


def _as_camera(picture: Image.Image) -> tuple[Image.Image, Image.Exif]:
    """Store an upright picture lying, with the EXIF tag that sets it right, as cameras do."""
    exif = Image.Exif()
    if picture.height > picture.width:
        exif[ExifTags.Base.Orientation] = 6
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    return picture, exif


def _edited(picture: Image.Image, edit: str) -> Image.Image:
    """Make a near-duplicate: a picture that a person takes for the same."""
    width, height = picture.size
    match edit:
        case "brighter":
            return ImageEnhance.Brightness(picture).enhance(1.08)
        case "darker":
            return ImageEnhance.Brightness(picture).enhance(0.92)
        case "smaller":
            return picture.resize((width * 3 // 4, height * 3 // 4), Image.Resampling.LANCZOS)
        case "cropped":
            return picture.crop((width // 40, height // 40, width - width // 30, height))
    return picture


def _claim(folder: Path, collection: dict[str, int]) -> None:
    """Make the folder ours with a marker, or find it so."""
    marker = folder / MARKER
    if marker.exists():
        _check_marker(marker, collection)
        return
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; the example needs a folder of its own")
    strangers = sorted(p.name for p in folder.glob("*") if not p.name.startswith("."))
    if strangers:
        raise InputError(
            f"{folder} is not empty (it holds {strangers[0]!r}) and is not an example made here; "
            "name a new or empty folder, so that nothing of yours is mixed with it"
        )
    write_json(marker, collection)


def _check_marker(marker: Path, collection: dict[str, int]) -> None:
    found = _read_marker(marker)
    if found != collection:
        raise InputError(
            f"{marker.parent} holds an example made with {found}, not with {collection}; "
            "delete that folder or name another"
        )


def _read_marker(marker: Path) -> object:
    try:
        return json.loads(marker.read_bytes())
    except ValueError:
        return "an unreadable marker"
