"""Every format of images and videos that is read. To add one, enter it here.

What Pillow reads by itself needs a line. Anything else names a module of `readers` besides, which provides
the functions of `readers.protocol.Reader`, and the package that it needs; that is imported only when such a
file is met.
"""

from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from scripts.lib.images.failures import Undecodable

IMAGE, VIDEO = "image", "video"
OTHERS = "pillow"  # the reader that is asked last, and takes anything


class Package(NamedTuple):
    """A library that reads a format."""

    module: str
    name: str  # as pip calls it
    extra: str | None = None  # of pyproject.toml, where it is no main dependency


class Format(NamedTuple):
    """A format, the extensions of its files, and what reads it."""

    name: str  # as in the inventory; Pillow's, where Pillow reads it
    extensions: str
    reader: str = OTHERS
    package: Package | None = None
    kind: str = IMAGE


HEIF = Package("pillow_heif", "pillow-heif")
JXL = Package("pillow_jxl", "pillow-jxl-plugin", "formats")
RAW = Package("rawpy", "rawpy", "formats")
FFMPEG = Package("av", "av")

# Nothing else is ever opened: Pillow's full list would start Ghostscript, and FFmpeg's follow links. DIB is
# BMP without its file header; MPO, the JPEG of several frames that phones write, is opened by way of JPEG.
FORMATS = (
    Format("JPEG", ".jpg .jpeg .jfif"),
    Format("PNG", ".png"),
    Format("BMP", ".bmp"),
    Format("DIB", ""),
    Format("GIF", ".gif"),
    Format("TIFF", ".tif .tiff"),
    Format("WEBP", ".webp", "webp"),
    Format("HEIF", ".heic .heif", "heif", HEIF),
    Format("AVIF", ".avif", "avif"),
    Format("JXL", ".jxl", "jxl", JXL),
    Format("RAW", ".cr2 .cr3 .nef .arw .dng .orf .rw2 .raf .pef .srw", "raw", RAW),
    Format("MP4", ".mp4 .m4v .mov", "video", FFMPEG, VIDEO),
    Format("MATROSKA", ".mkv .webm", "video", FFMPEG, VIDEO),
    Format("AVI", ".avi", "video", FFMPEG, VIDEO),
)

EXTENSIONS = {extension: each for each in FORMATS for extension in each.extensions.split()}
READERS = (*dict.fromkeys(each.reader for each in FORMATS if each.reader != OTHERS), OTHERS)
BY_NAME = {each.name: each for each in FORMATS}


def names_of(reader: str) -> tuple[str, ...]:
    """Return the names of the formats that a reader reads."""
    return tuple(each.name for each in FORMATS if each.reader == reader)


def kind_of_format(name: str) -> str:
    """Return whether a format, as found in a file, is one of images or of videos."""
    return BY_NAME[name].kind if name in BY_NAME else IMAGE  # MPO is not in the table


def kind_of_extension(extension: str) -> str:
    """Return what a file's name claims it to be, for one of which nothing else is known."""
    return EXTENSIONS[extension].kind if extension in EXTENSIONS else IMAGE


def library(package: Package) -> ModuleType:
    """Import the package that reads a format.

    Raises
    ------
    Undecodable
        when it is not installed, with what would install it.
    """
    try:
        return import_module(package.module)
    except ImportError as error:
        wanted = f"'.[{package.extra}]'" if package.extra else package.name
        raise Undecodable(
            f"needs the package {package.name}, which is not installed: pip install {wanted}, then make retry"
        ) from error
