"""Videos, by FFmpeg: several frames spread over their length.

A frame is looked for where a keyframe stands, so that a film of two hours takes as long as a clip. Only
where the last keyframe was taken already is decoded on from it. What is broken is passed over.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from PIL import Image

from scripts.lib.images import formats
from scripts.lib.images.boxes import brands
from scripts.lib.images.failures import Undecodable, check_pixels
from scripts.lib.images.frames import good_frames, or_else
from scripts.lib.images.readers.protocol import START_BYTES, Header, Wanted

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

DEMUXERS = {"MP4": "mov", "MATROSKA": "matroska", "AVI": "avi"}  # FFmpeg is told, and does not guess
QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # first boxes of files without brands
MICROSECONDS = 1_000_000  # in a second, the unit of a container's length
FARTHEST = 240  # packets, about as many frames, to decode on from a keyframe that was taken already
TURNS: dict[tuple[int, ...], Image.Transpose] = {  # by where x and then y go; right and down are positive
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}
ANGLES = {90: (0, -1, 1, 0), 180: (-1, 0, 0, -1), 270: (0, 1, -1, 0)}  # counterclockwise, as FFmpeg has them
PLAUSIBLE_ASPECTS = (Fraction(1, 8), Fraction(8))  # of a pixel


class Film(NamedTuple):
    """An opened video."""

    container: "InputContainer"
    stream: "VideoStream"
    format: str
    error: type[Exception]  # what FFmpeg throws


class Watched:
    """A file whose failures of reading outlast FFmpeg, which takes them for the end of the file."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.failure: OSError | None = None
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        """Read so many bytes, none where that fails."""
        try:
            return self.file.read(size)
        except OSError as error:
            self.failure = error
            return b""


def recognises(start: bytes, file: BinaryIO) -> bool:
    """Tell whether a file is a video in a container that is known."""
    return _container(start) is not None


def plain_header(file: BinaryIO) -> None:
    """Leave it to FFmpeg."""


def header(file: BinaryIO) -> Header:
    """Read the size of the frames and the container."""
    with _opened(file) as film:
        return Header(film.stream.width, film.stream.height, film.format)


def pictures(file: BinaryIO, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield the frames that are worth looking at; if only one is wanted, the very first."""
    with _opened(file, max_pixels=str(wanted.pixel_limit)) as film:
        check_pixels(film.stream.width, film.stream.height, wanted.pixel_limit)
        film.stream.codec_context.thread_count = 1  # there is a process for each core already
        if wanted.video_frames == 1:
            found: Iterator[Image.Image] = (
                _picture(frame, film, wanted) for frame in islice(_decoded(film), 1)
            )
        else:
            found = good_frames(or_else(_sought(film, wanted), lambda: _thinned(film, wanted)))
        yield from or_else(found, _nothing)


def _nothing() -> Iterator[Image.Image]:
    raise Undecodable("no frame of the video can be decoded")


def _container(start: bytes) -> str | None:
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return "MATROSKA"
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return "AVI"
    return "MP4" if brands(start) or start[4:8] in QUICKTIME else None


@contextmanager
def _opened(file: BinaryIO, **options: str) -> Iterator[Film]:
    av = formats.library(formats.FFMPEG)
    file.seek(0)
    container = str(_container(file.read(START_BYTES)))
    file.seek(0)
    watched = Watched(file)
    try:
        with av.open(
            watched, format=DEMUXERS[container], options=options, metadata_errors="ignore"
        ) as opened:
            stream = opened.streams.best("video")
            if stream is None or stream.codec_context is None:
                raise Undecodable("holds no video stream that can be decoded")
            yield Film(opened, stream, container, av.FFmpegError)
    except av.FFmpegError as error:
        if watched.failure is None:
            raise Undecodable(f"the video is broken or truncated: {error.strerror}") from error
    except Undecodable:
        if watched.failure is None:
            raise
    if watched.failure is not None:
        raise watched.failure


def _sought(film: Film, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield a frame from each of so many stretches of equal length, no two the same."""
    latest = None
    length, count = _length(film), wanted.video_frames
    for stretch in range(count if length else 0):
        place = length * (2 * stretch + 1) // (2 * count)
        frame = _frame_at(film, (film.stream.start_time or 0) + place, latest)
        if frame is not None:
            latest = frame.pts
            yield _picture(frame, film, wanted)


def _frame_at(film: Film, at: int, latest: int | None) -> "VideoFrame | None":
    """Return the keyframe before a time, or where that is not later than `latest`, a frame that is."""
    try:
        film.container.seek(at, stream=film.stream)
    except (film.error, OverflowError):
        return None
    newest = None
    for place, frame in enumerate(_decoded(film, FARTHEST)):
        if frame.pts is not None and (latest is None or frame.pts > latest):
            newest = frame
            if place == 0 or frame.pts >= at:
                break
    return newest


def _thinned(film: Film, wanted: Wanted) -> Iterator[Image.Image]:
    """Yield keyframes of a video that has no length or can't be sought in, spread over what there is."""
    with suppress(film.error):
        film.container.seek(0)
    film.stream.codec_context.skip_frame = "NONKEY"
    kept: list[Image.Image] = []
    step = 1
    for place, frame in enumerate(_decoded(film)):
        if place % step == 0:
            kept.append(_picture(frame, film, wanted))
        if len(kept) == 2 * wanted.video_frames:
            kept, step = kept[::2], 2 * step
    count = min(len(kept), wanted.video_frames)
    yield from (kept[(2 * i + 1) * len(kept) // (2 * count)] for i in range(count))


def _decoded(film: Film, packets: int | None = None) -> Iterator["VideoFrame"]:
    """Yield frames from where the video stands, leaving out what is broken."""
    demuxed = islice(film.container.demux(film.stream), packets)
    while True:
        try:
            packet = next(demuxed, None)
        except film.error:
            return
        if packet is None:
            return
        with suppress(film.error):
            for frame in packet.decode():
                if not frame.is_corrupt:
                    yield frame


def _length(film: Film) -> int:
    """Return the length in units of the stream's time, 0 where it is not known."""
    unit, length = film.stream.time_base, film.stream.duration
    if length is None and unit:
        length = round((film.container.duration or 0) / MICROSECONDS / unit)
    return length or 0


def _picture(frame: "VideoFrame", film: Film, wanted: Wanted) -> Image.Image:
    """Return a frame as RGB, reduced, with square pixels, upright."""
    check_pixels(frame.width, frame.height, wanted.pixel_limit)
    aspect = film.stream.sample_aspect_ratio or 1
    if not PLAUSIBLE_ASPECTS[0] <= aspect <= PLAUSIBLE_ASPECTS[1]:
        aspect = 1
    width, height = max(1, round(frame.width * aspect)), frame.height
    scale = min(1, wanted.side / min(width, height))
    pixels = frame.reformat(
        max(1, round(width * scale)), max(1, round(height * scale)), "rgb24", interpolation="AREA", threads=1
    ).to_ndarray()
    picture = Image.fromarray(pixels)
    transpose = TURNS.get(_axes(frame))
    return picture if transpose is None else picture.transpose(transpose)


def _axes(frame: "VideoFrame") -> tuple[int, ...]:
    """Return where the display matrix of a frame (ISO/IEC 14496-12, 8.5.2) sends x and y, as -1, 0 and 1."""
    try:
        beside: Any = frame.side_data  # whose type is not as PyAV says
        matrix = bytes(beside["DISPLAYMATRIX"])
    except KeyError:
        return ()
    except ValueError:  # PyAV does not know the name of something else that comes with the frame
        return ANGLES.get(frame.rotation % 360, ())
    numbers = struct.unpack("=9i", matrix)
    parts = (numbers[0], numbers[1], numbers[3], numbers[4])
    half = max(map(abs, parts)) / 2  # so that rounding is passed over, and what is aslant means nothing
    return tuple((part > half) - (part < -half) for part in parts)
