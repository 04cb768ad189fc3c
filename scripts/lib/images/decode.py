"""Image and video files become upright RGB images, or a reason why they cannot.

A file is what its bytes say, whatever its extension, but only the formats of `formats.FORMATS` are ever
opened. Declared dimensions are checked before anything of their size is allocated, and half an image
is not an image.
"""

import io
import logging
import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from functools import cache
from importlib import import_module
from typing import BinaryIO, cast

from PIL import Image, PngImagePlugin

from scripts.lib.files.originals import open_original
from scripts.lib.images.failures import Undecodable, check_pixels, decoder_errors
from scripts.lib.images.formats import READERS
from scripts.lib.images.readers.protocol import START_BYTES, Header, Reader, Wanted

READERS_PACKAGE = "scripts.lib.images.readers"
VIDEO_FRAMES = 8  # of which the vector of a video is the mean, unless the user wants others

# Beyond this ratio of its sides an image loses its ends before it is resized: a 1 x 20000 image
# would otherwise grow to gigabytes, of which a centre crop keeps a thousandth.
MAX_ASPECT = 64

# An explicit limit replaces Pillow's, which only warns up to twice its value; and a broken file is
# reported once, by `Undecodable`, not on the terminal as well.
Image.MAX_IMAGE_PIXELS = None
PngImagePlugin.MAX_TEXT_CHUNK = 1 << 24  # bytes; image generators write more than Pillow's one million
logging.getLogger("PIL").setLevel(logging.CRITICAL)

Source = bytes | str | os.PathLike[str] | BinaryIO


def read_header(source: Source) -> Header:
    """Read the declared size and format; nothing of the image's size is allocated.

    source : a path (bytes as the file system gives them, or str) or a seekable binary file.
    Raises Undecodable for anything but an image or video, OSError where the file cannot be read.
    """
    with _opened(source) as file, decoder_errors():
        return _with_pixels(_reader_of(file).header(file))


def read_plain_header(source: Source) -> Header | None:
    """Read the header as `read_header` does, in Python; None where only a library can.

    That may hang or crash, and so is asked in another process: see `headers`.
    """
    with _opened(source) as file, decoder_errors():
        header = _reader_of(file).plain_header(file)
        return header and _with_pixels(header)


def _with_pixels(header: Header) -> Header:
    check_pixels(header.width, header.height)
    return header


def decode(data: Source, target: int, pixel_limit: int) -> Image.Image:
    """Decode the first frame, of a video the first that is worth looking at.

    data : the file's content as bytes, its path as str or PathLike, or a seekable binary file.
    target : shorter side that the caller will resize to, in pixels; the image may come at a reduced
    size of at least `DRAFT_MARGIN` times that.
    pixel_limit : largest width times height that is accepted, checked before allocation.
    Returns RGB, upright, whole, as seen on a white page.
    Raises Undecodable for anything but a whole image, OSError where the file cannot be read.
    """
    with closing(_pictures(data, Wanted(target, pixel_limit, VIDEO_FRAMES))) as pictures:
        return next(pictures)


def decode_all(data: Source, target: int, pixel_limit: int, video_frames: int) -> list[Image.Image]:
    """Decode an image, or so many frames of a video, fewer where some show nothing; see `decode`."""
    return list(_pictures(data, Wanted(target, pixel_limit, video_frames)))


def _pictures(data: Source, wanted: Wanted) -> Generator[Image.Image]:
    with _opened(io.BytesIO(data) if isinstance(data, bytes) else data) as file, decoder_errors():
        yield from _reader_of(file).pictures(file, wanted)


def resize_shorter(image: Image.Image, size: int, resample: Image.Resampling) -> Image.Image:
    """Resize so that the shorter side is `size` pixels, as torchvision does (long side truncated).

    Images more elongated than `MAX_ASPECT` lose their ends first.
    """
    image = _without_ends(image)
    width, height = image.size
    long = int(size * max(width, height) / min(width, height))
    return image.resize((size, long) if width <= height else (long, size), resample)


def center_crop(image: Image.Image, size: int) -> Image.Image:
    """Cut the central square of `size` pixels, as torchvision does (black where there is none)."""
    left, top = (_crop_start(length, size) for length in image.size)
    return image.crop((left, top, left + size, top + size))


def _crop_start(length: int, size: int) -> int:
    return round((length - size) / 2) if length >= size else -((size - length) // 2)


def _without_ends(image: Image.Image) -> Image.Image:
    longest = MAX_ASPECT * min(image.size)
    width, height = min(image.width, longest), min(image.height, longest)
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, bytes | str | os.PathLike):
        with open_original(source) as file:
            yield file
    else:
        yield source


@cache
def _readers() -> tuple[Reader, ...]:
    return tuple(cast(Reader, import_module(f"{READERS_PACKAGE}.{name}")) for name in READERS)


def _reader_of(file: BinaryIO) -> Reader:
    """Return the reader that a file is for, by its bytes; Pillow's is asked last and takes any."""
    file.seek(0)
    start = file.read(START_BYTES)
    if not start:
        raise Undecodable("the file is empty")
    for reader in _readers():
        if reader.recognises(start, file):
            file.seek(0)
            return reader
    raise Undecodable("no image or video in a known format")
