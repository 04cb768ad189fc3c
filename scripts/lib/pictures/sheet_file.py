"""Sheets as files of the user's, in the format that their name says."""

from pathlib import Path

from PIL import Image

from scripts.lib.artifacts.atomic import replacing
from scripts.lib.errors import InputError

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
QUALITY = 85


def sheet_format(file: Path) -> str:
    """Return the format of a sheet by its name. Raises InputError for any other."""
    kind = FORMATS.get(file.suffix.lower())
    if kind is None:
        raise InputError(f"{file} ends in {file.suffix!r}; name one of {', '.join(FORMATS)}")
    return kind


def write_sheet(page: Image.Image, file: Path) -> None:
    """Write a page in one step."""
    kind = sheet_format(file)
    with replacing(file) as temporary:
        page.save(temporary, kind, quality=QUALITY)
